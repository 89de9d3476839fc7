// The workers as the harness sees them. What a converted model answers is for
// `stele check`; here, what the browser behind it makes different.

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { readBundle, writeBundle } from "../../protocol/bundle.js";
import { tensor } from "../../src/tensor.js";
import { BUILD, DIGITS, PYTHON, ROOT, requireDigits } from "./helpers/environment.js";
import { Worker } from "./helpers/worker.js";

process.env.STELE_BUILD = BUILD;
requireDigits();

const folder = mkdtempSync(join(tmpdir(), "stele-web-"));
after(() => rmSync(folder, { recursive: true }));

const one = join(folder, "one");
const three = join(folder, "three");
const out = join(folder, "out");
writeBundle(one, { image: tensor("FP32", [1, 8, 8, 1], new Float32Array(64).fill(3)) });
writeBundle(three, { image: tensor("FP32", [3, 8, 8, 1], new Float32Array(192).fill(3)) });

/** @type {Record<string, RegExp>} */
const FORMATS = {
  onnx: /onnxruntime-web \d/,
  tfjs: /tfjs-core \d/,
  litert: /litertjs.core \d/,
};

for (const [format, runtime] of Object.entries(FORMATS)) {
  describe(format, () => {
    /** @type {Worker} */
    let worker;

    before(() => {
      worker = new Worker([process.execPath, join(ROOT, "worker.mjs"), format, PYTHON]);
    });

    after(async () => {
      assert.deepEqual(await worker.request("bye"), ["ok"]);
      assert.equal(await worker.exit, 0);
    });

    test("hello tells the browser and the runtime, and no TensorFlow", async () => {
      const [status, ...fields] = await worker.request("hello", "1");
      const hello = Object.fromEntries(fields.map((field) => field.split("=")));
      assert.equal(status, "ok");
      assert.equal(hello.binding, `js-browser-${format}`);
      assert.match(hello.language, /Chromium \d+/);
      assert.match(hello.language, runtime);
      assert.equal(hello.tensorflow, "");
    });

    test("without a model there is nothing to run", async () => {
      const [status, code] = await worker.request("run", "serving_default", one, out);
      assert.deepEqual([status, code], ["error", "FAILED_PRECONDITION"]);
    });

    test("a load makes its checks before anything is converted", async () => {
      /** @type {[string[], string][]} */
      const rows = [
        [[join(folder, "gone"), "serve", "default"], "NOT_FOUND"],
        [[DIGITS, "no-such-tag", "default"], "NOT_FOUND"],
        [[DIGITS, "serve", "fastest"], "INVALID_ARGUMENT"],
        [[DIGITS, "serve", "hex:0g"], "INVALID_ARGUMENT"],
        [[DIGITS, "serve", "hex:32ff"], "INVALID_ARGUMENT"],
        [[DIGITS, "serve", "hex:3202"], "INVALID_ARGUMENT"],
      ];
      for (const [args, code] of rows) {
        const reply = await worker.request("load", ...args);
        assert.deepEqual(reply.slice(0, 2), ["error", code], reply[2]);
      }
      for (const config of ["inline", "hex:2801"]) {
        const [status] = await worker.request("load", DIGITS, "serve", config);
        assert.equal(status, "unsupported");
      }
    });

    test("runs, refuses and runs again", async () => {
      assert.deepEqual(await worker.request("load", DIGITS, "serve", "default"), ["ok"]);
      assert.deepEqual(await worker.request("run", "serving_default", one, out), ["ok"]);
      const [[name, { dtype, shape, data }]] = readBundle(out);
      assert.deepEqual([name, dtype, shape], ["probabilities", "FP32", [1, 10]]);
      const sum = Array.from(/** @type {Float32Array} */ (data)).reduce((a, b) => a + b, 0);
      assert.ok(Math.abs(sum - 1) < 1e-5, String(sum));

      const refused = await worker.request("run", "nope", one, out);
      assert.deepEqual(refused.slice(0, 2), ["error", "NOT_FOUND"]);
      assert.ok(refused[2].includes("serving_default"), refused[2]);
      assert.deepEqual(await worker.request("run", "serving_default", three, out), ["ok"]);
      assert.deepEqual(readBundle(out)[0][1].shape, [3, 10]);
      assert.deepEqual(await worker.request("run", "serving_default", one, out), ["ok"]);
    });

    test("a second load replaces the first model, and one that fails does not", async () => {
      assert.deepEqual(await worker.request("load", DIGITS, "serve", "default"), ["ok"]);
      const [status] = await worker.request("load", join(folder, "gone"), "serve", "default");
      assert.equal(status, "error");
      assert.deepEqual(await worker.request("run", "serving_default", one, out), ["ok"]);
    });

    test("bench times runs in the page", async () => {
      const samples = join(folder, `${format}.bin`);
      const request = ["bench", "serving_default", one, out, "3", "20", samples];
      assert.deepEqual(await worker.request(...request), ["ok"]);
      const times = new BigUint64Array(Uint8Array.from(readFileSync(samples)).buffer);
      assert.equal(times.length, 20);
      for (const time of times) assert.ok(time > 0n && time < 10n ** 10n, String(time));
      // A clock of 100 µs, of a page that is not isolated, would show whole steps of it.
      assert.ok(
        times.some((time) => time % 100_000n !== 0n),
        String(times),
      );
      assert.deepEqual(readBundle(out)[0][1].shape, [1, 10]);
    });

    test("unload frees the model", async () => {
      assert.deepEqual(await worker.request("unload"), ["ok"]);
      const [, code] = await worker.request("run", "serving_default", one, out);
      assert.equal(code, "FAILED_PRECONDITION");
    });
  });
}

test("a worker that is killed takes its browser along", async () => {
  const { spawn } = await import("node:child_process");
  const child = spawn(process.execPath, [join(ROOT, "worker.mjs"), "onnx", PYTHON], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  child.stdin.write("1\thello\t1\n\n");
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const browsers = descendants(/** @type {number} */ (child.pid));
  assert.ok(browsers.length > 0);
  child.kill("SIGKILL");
  for (let i = 0; browsers.some(isAlive); i++) {
    assert.ok(i < 100, "the browser outlives its worker by 10 s");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
});

/**
 * @param {number} root
 * @returns {number[]} the processes that it started, and theirs
 */
function descendants(root) {
  const parents = new Map(
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), stat(Number(name))?.parent]),
  );
  const family = [root];
  for (const one of family) {
    for (const [pid, parent] of parents) if (parent === one) family.push(pid);
  }
  return family.slice(1);
}

/** @param {number} pid */
function isAlive(pid) {
  const process = stat(pid);
  return process !== undefined && process.state !== "Z";
}

/**
 * @param {number} pid
 * @returns {{ state: string, parent: number } | undefined}
 */
function stat(pid) {
  try {
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
    return { state, parent: Number(parent) };
  } catch {
    return undefined; // it has ended
  }
}
