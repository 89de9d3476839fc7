// Models beside this process: in a thread of Node's and in a child.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { Model } from "tf-stele";
import { DIGITS, ROOT } from "./helpers/environment.js";

const IMAGE = "{ image: { dtype: 'FP32', shape: [1, 8, 8, 1], data: new Float32Array(64) } }";
const PROGRAM = `
  const { Model } = await import("tf-stele");
  const model = await Model.load(${JSON.stringify(DIGITS)});
  const { probabilities } = model.run(${IMAGE});
  await model.close();`;

test("a model in a thread and in a child, while one is loaded here", async () => {
  const model = await Model.load(DIGITS);
  const data = new Float32Array(64);
  const here = model.run({ image: { dtype: "FP32", shape: [1, 8, 8, 1], data } }).probabilities;

  const thread = new Worker(
    `(async () => { ${PROGRAM}
      require("node:worker_threads").parentPort.postMessage([...probabilities.data]); })();`,
    { eval: true },
  );
  const [answer] = await once(thread, "message", { signal: AbortSignal.timeout(60_000) });
  assert.deepEqual(answer, Array.from(here.data, Number));
  await thread.terminate();

  const args = ["--input-type=module", "-e", `${PROGRAM} console.log(probabilities.data.join());`];
  const child = promisify(execFile)(process.execPath, args, { cwd: ROOT, timeout: 60_000 });
  assert.equal((await child).stdout.trim(), here.data.join());
  await model.close();
});
