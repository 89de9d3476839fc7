// Latency and start-up beside the C binding, on one model with batch 1. Both
// workers take turns in short rounds, so that whatever else the machine does
// happens to both; the medians are compared, never times of different runs.
// With the default profile TensorFlow's own threads fall asleep when a caller
// takes some microseconds more between two runs, and take longer to wake up than
// the whole run: the other profiles show what a binding itself costs.
//
//   node bench/bench.mjs C_WORKER SAVED_MODEL

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Model, tensor } from "tf-stele";
import { writeBundle } from "../protocol/bundle.js";
import { ROOT } from "../test/helpers/environment.js";
import { Worker } from "../test/helpers/worker.js";

const ROUNDS = 20;
const RUNS = 1000;
const STARTS = 9;
const MARGIN_US = 25;
const START_RATIO = 1.5;

const [cWorker, model] = process.argv.slice(2).map((path) => resolve(path));
const commands = { c: [cWorker], "js-node": [process.execPath, join(ROOT, "worker.mjs")] };
const ids = /** @type {(keyof typeof commands)[]} */ (Object.keys(commands));
const folder = mkdtempSync(join(tmpdir(), "stele-bench-"));
const [input, output, samples] = ["in", "out", "samples"].map((name) => join(folder, name));

/**
 * @param {Worker} worker
 * @param {...string} request
 */
async function ask(worker, ...request) {
  const [status, ...rest] = await worker.request(...request);
  if (status !== "ok") throw new Error(`${request[0]}: ${rest.join(": ")}`);
}

/** @param {number[]} values */
function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** Every dimension that the model leaves open is 1. */
async function writeInput() {
  const loaded = await Model.load(model);
  const [{ name, shape }] = Object.values(loaded.signatures.serving_default.inputs);
  const dims = (shape ?? []).map((dim) => dim ?? 1);
  const count = dims.reduce((product, dim) => product * dim, 1);
  writeBundle(input, { [name]: tensor("FP32", dims, new Float32Array(count).fill(3)) });
  await loaded.close();
}

/**
 * @param {string} profile
 * @returns {Promise<{ c: number, js: number, difference: number }>} microseconds of one run: the
 *   median of the rounds' medians, and of their differences
 */
async function latency(profile) {
  const workers = ids.map((id) => new Worker(commands[id]));
  for (const worker of workers) await ask(worker, "load", model, "serve", profile);
  const rounds = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const medians = [];
    for (const worker of workers) {
      const counts = ["200", String(RUNS)];
      await ask(worker, "bench", "serving_default", input, output, ...counts, samples);
      const nanoseconds = new BigUint64Array(Uint8Array.from(readFileSync(samples)).buffer);
      medians.push(median(Array.from(nanoseconds, (time) => Number(time) / 1000)));
    }
    if (round > 0) rounds.push(medians); // the first one warms up
  }
  for (const worker of workers) await ask(worker, "bye");
  return {
    c: median(rounds.map(([c]) => c)),
    js: median(rounds.map(([, js]) => js)),
    difference: median(rounds.map(([c, js]) => js - c)),
  };
}

/** @returns {Promise<Record<string, number>>} median milliseconds from process start to a prediction */
async function startUp() {
  /** @type {Record<string, number[]>} */
  const times = Object.fromEntries(ids.map((id) => [id, []]));
  for (let round = 0; round < STARTS; round++) {
    for (const id of ids) {
      const start = performance.now();
      const worker = new Worker(commands[id]);
      await ask(worker, "load", model, "serve", "default");
      await ask(worker, "run", "serving_default", input, output);
      times[id].push(performance.now() - start);
      await ask(worker, "bye");
    }
  }
  return Object.fromEntries(ids.map((id) => [id, median(times[id])]));
}

try {
  await writeInput();
  for (const profile of ["default", "inline", "single"]) {
    const { c, js, difference } = await latency(profile);
    const verdict = difference <= MARGIN_US ? "within" : "NOT within";
    console.log(
      `run, ${profile}: c ${c.toFixed(1)} us, js-node ${js.toFixed(1)} us, ` +
        `difference ${difference.toFixed(1)} us, ${verdict} ${MARGIN_US} us`,
    );
  }
  const { c, "js-node": js } = await startUp();
  const verdict = js < START_RATIO * c ? "below" : "NOT below";
  console.log(
    `start to first prediction: c ${c.toFixed(0)} ms, js-node ${js.toFixed(0)} ms, ` +
      `ratio ${(js / c).toFixed(2)}, ${verdict} ${START_RATIO}`,
  );
} finally {
  rmSync(folder, { recursive: true });
}
