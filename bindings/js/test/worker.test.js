// The worker as the harness sees it: a process with lines and folders. What it
// refuses is told row by row in bundle.test.js, savedmodel.test.js and
// refuse.test.js; here, that the rows reach the harness and the worker lives on.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { DTYPES, tensor } from "tf-stele";
import { readBundle, writeBundle } from "../protocol/bundle.js";
import { DIGITS, temporaryFolder } from "./helpers/environment.js";
import { identityGraph, info, writeSavedModel } from "./helpers/saved-model.js";
import { Worker } from "./helpers/worker.js";

const folder = temporaryFolder();
const good = join(folder, "good");
const out = join(folder, "out");
const file = fileURLToPath(import.meta.url);
const image = tensor("FP32", [2, 8, 8, 1], new Float32Array(128).fill(3));

/** @type {Worker} */
let worker;

before(() => {
  writeBundle(good, { image });
  worker = new Worker();
});

after(async () => {
  assert.deepEqual(await worker.request("bye"), ["ok"]);
  assert.equal(await worker.exit, 0);
});

/** @returns {Promise<void>} the worker lives and its model still runs */
async function runs() {
  assert.deepEqual(await worker.request("run", "serving_default", good, out), ["ok"]);
  const [[, { shape }]] = readBundle(out);
  assert.deepEqual(shape, [2, 10]);
}

test("hello tells who it is", async () => {
  const [status, ...fields] = await worker.request("hello", "1");
  const told = Object.fromEntries(fields.map((field) => field.split("=")));
  assert.equal(status, "ok");
  assert.equal(told.protocol, "1");
  assert.equal(told.binding, "js-node");
  assert.match(told.language, /Node \d+/);
  assert.match(told.tensorflow, /^\d+\.\d+/);
  assert.equal(told.verbs, "hello,load,run,describe,bench,unload,bye");
  assert.deepEqual(told.dtypes.split(","), Object.keys(DTYPES));
});

test("unknown verbs and protocols are unsupported; too few arguments an error", async () => {
  assert.deepEqual(await worker.request("frobnicate", "x"), ["unsupported", "verb frobnicate"]);
  assert.deepEqual(await worker.request("toString"), ["unsupported", "verb toString"]);
  assert.deepEqual(await worker.request("hello", "2"), ["unsupported", "protocol 2"]);
  for (const verb of ["hello", "load", "run", "describe", "bench"]) {
    assert.deepEqual((await worker.request(verb)).slice(0, 2), ["error", "INVALID_ARGUMENT"]);
  }
});

test("without a model there is nothing to run, describe or time", async () => {
  for (const request of [
    ["run", "serving_default", good, out],
    ["describe", join(folder, "none.tsv")],
    ["bench", "serving_default", good, out, "1", "1", join(folder, "none.bin")],
  ]) {
    assert.deepEqual((await worker.request(...request)).slice(0, 2), [
      "error",
      "FAILED_PRECONDITION",
    ]);
  }
  assert.deepEqual(await worker.request("unload"), ["ok"]);
});

test("loads with every kind of configuration, and runs", async () => {
  for (const config of ["default", "inline", "single", "hex:", "hex:28FFffffffffffffffff01"]) {
    assert.deepEqual(await worker.request("load", DIGITS, "serve", config), ["ok"], config);
    await runs();
  }
});

/** @type {Record<string, [string[], string, string]>} */
const loads = {
  "no such folder": [[join(folder, "gone"), "serve", "default"], "NOT_FOUND", join(folder, "gone")],
  "a file": [[file, "serve", "default"], "NOT_FOUND", file],
  "other tags": [[DIGITS, "serve,gpu", "default"], "NOT_FOUND", "gpu"],
  "no tags": [[DIGITS, "", "default"], "NOT_FOUND", "serve"],
  "no profile": [[DIGITS, "serve", "fastest"], "INVALID_ARGUMENT", "fastest"],
  "no number": [[DIGITS, "serve", "hex:xy"], "INVALID_ARGUMENT", "hex:xy"],
  "half a byte": [[DIGITS, "serve", "hex:123"], "INVALID_ARGUMENT", "hex:123"],
  "no ConfigProto": [[DIGITS, "serve", "hex:ff"], "INVALID_ARGUMENT", "ConfigProto"],
  "a path with NUL": [[`${DIGITS}\\0`, "serve", "default"], "INVALID_ARGUMENT", "NUL"],
};

for (const [what, [args, code, mention]] of Object.entries(loads)) {
  test(`load: ${what}; the model loaded before stays`, async () => {
    const [status, codeName, message] = await worker.request("load", ...args);
    assert.deepEqual([status, codeName], ["error", code], message);
    assert.ok(message.includes(mention), message);
    await runs();
  });
}

test("load: a saved_model.pb cut short", async () => {
  const dir = writeSavedModel(join(folder, "short"), identityGraph("FP32", null));
  truncateSync(join(dir, "saved_model.pb"), 100);
  const [status, codeName] = await worker.request("load", dir, "serve", "default");
  assert.deepEqual([status, codeName], ["error", "DATA_LOSS"]);
  await runs();
});

test("run: refusals arrive with code and message, and the worker lives on", async () => {
  const bad = (/** @type {object} */ tensors) => {
    const dir = join(folder, "bad");
    writeBundle(dir, /** @type {any} */ (tensors));
    return dir;
  };
  const three = tensor("FP32", [1, 8, 8], new Float32Array(64));
  const twice = join(folder, "twice");
  mkdirSync(twice);
  writeFileSync(join(twice, "tensors.tsv"), "image\tFP32\t0,8,8,1\t0\t0.bin\n".repeat(2));
  writeFileSync(join(twice, "0.bin"), "");
  /** @type {[string, () => string, string, string][]} */
  const rows = [
    ["serving_default", () => join(folder, "gone"), "NOT_FOUND", "tensors.tsv"],
    ["nope", () => good, "NOT_FOUND", '"nope"'],
    ["__saved_model_init_op", () => good, "NOT_FOUND", '"__saved_model_init_op"'],
    ["serving_default", () => twice, "INVALID_ARGUMENT", '"image"'],
    ["serving_default", () => bad({}), "INVALID_ARGUMENT", '"image"'],
    ["serving_default", () => bad({ image, x: image }), "INVALID_ARGUMENT", '"x"'],
    ["serving_default", () => bad({ image: three }), "INVALID_ARGUMENT", "expected [?,8,8,1]"],
  ];
  for (const [signature, input, code, mention] of rows) {
    const [status, codeName, message] = await worker.request("run", signature, input(), out);
    assert.deepEqual([status, codeName], ["error", code], message);
    assert.ok(message.includes(mention), message);
    await runs();
  }
  const [, codeName] = await worker.request("run", "serving_default", good, "/proc/stele/out");
  assert.equal(codeName, "NOT_FOUND");
});

test("bench writes a sample for each run, and outputs", async () => {
  const samples = join(folder, "samples.bin");
  const request = ["bench", "serving_default", good, out, "2", "5", samples];
  assert.deepEqual(await worker.request(...request), ["ok"]);
  const nanoseconds = new BigUint64Array(Uint8Array.from(readFileSync(samples)).buffer);
  assert.equal(nanoseconds.length, 5);
  for (const duration of nanoseconds) assert.ok(duration > 0n && duration < 10n ** 10n);
  assert.deepEqual(readBundle(out)[0][1].shape, [2, 10]);
});

test("describe writes sorted lines, escaped", async () => {
  const dir = writeSavedModel(join(folder, "described"), {
    nodes: identityGraph("FP32", null).nodes,
    signatures: {
      // As names the tab comes first; as lines the backslash that it becomes comes last.
      "b!": { inputs: { x: info("in:0", "FP32", null) }, outputs: {} },
      "b\tc": { inputs: { x: info("in:0", "FP32", null) }, outputs: {} },
      a: { inputs: {}, outputs: { y: info("out:0", 20, []), x: info("", "C64", [null, 3]) } },
    },
  });
  const file = join(folder, "signatures.tsv");
  assert.deepEqual(await worker.request("load", dir, "serve", "default"), ["ok"]);
  assert.deepEqual(await worker.request("describe", file), ["ok"]);
  assert.equal(
    readFileSync(file, "utf8"),
    "a\toutput\tx\tC64\t-1,3\na\toutput\ty\tTF_20\t\nb!\tinput\tx\tFP32\t?\n" +
      "b\\tc\tinput\tx\tFP32\t?\n",
  );
  assert.deepEqual(await worker.request("unload"), ["ok"]);
});

test("the end of input is a bye", async () => {
  const other = new Worker();
  await other.request("hello", "1");
  other.end();
  assert.equal(await other.exit, 0);
});
