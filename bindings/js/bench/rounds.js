// Times of workers that take turns, so that whatever else the machine does
// happens to all of them. What is compared are the rounds, never times of
// different moments.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readBundle } from "../protocol/bundle.js";
import { toRaw } from "../src/raw.js";
import { Worker } from "../test/helpers/worker.js";

const ROUNDS = 20;
const RUNS = 1000;
const WARMUP = 200;
const STARTS = 15;

/**
 * @typedef {object} Subject what is measured
 * @property {string} model the SavedModel's folder
 * @property {string} input the bundle to run it on
 * @property {string} folder for what the workers write
 */

/**
 * @typedef {object} Times
 * @property {number} time median over the rounds
 * @property {number} more than the first worker's: median of the rounds' differences
 * @property {number} ratio to the first worker's: median of the rounds' ratios
 */

/**
 * @param {Worker} worker
 * @param {...string} request
 * @returns {Promise<string[]>} the fields of the reply
 */
async function ask(worker, ...request) {
  const [status, ...rest] = await worker.request(...request);
  if (status !== "ok") throw new Error(`${request[0]}: ${rest.join(": ")}`);
  return rest;
}

/** @param {number[]} values */
function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

/**
 * @param {number[][]} rounds the time of each worker in each round
 * @returns {Times[]} of each worker
 */
function compare(rounds) {
  return rounds[0].map((_, i) => ({
    time: median(rounds.map((times) => times[i])),
    more: median(rounds.map((times) => times[i] - times[0])),
    ratio: median(rounds.map((times) => times[i] / times[0])),
  }));
}

/**
 * @param {string} dir a bundle
 * @returns {string} equal for equal bits
 */
function bitsOf(dir) {
  return readBundle(dir)
    .map(([name, tensor]) => `${name} ${Buffer.from(toRaw(tensor)).toString("hex")}`)
    .join();
}

/**
 * @param {string[][]} commands of workers; the first is what the others are compared with
 * @param {string} profile
 * @param {Subject} subject
 * @returns {Promise<Times[]>} microseconds of one call, which is the median of a round's
 * @throws {Error} an answer that is not the first worker's, bit for bit: it has no time
 */
export async function latency(commands, profile, { model, input, folder }) {
  const [output, samples] = [join(folder, "out"), join(folder, "samples")];
  const workers = commands.map((command) => new Worker(command));
  for (const worker of workers) await ask(worker, "load", model, "serve", profile);
  const rounds = [];
  const answers = new Set();
  for (let round = 0; round <= ROUNDS; round++) {
    const medians = [];
    for (const worker of workers) {
      const counts = [String(WARMUP), String(RUNS)];
      await ask(worker, "bench", "serving_default", input, output, ...counts, samples);
      const nanoseconds = new BigUint64Array(Uint8Array.from(readFileSync(samples)).buffer);
      medians.push(median(Array.from(nanoseconds, (time) => Number(time) / 1000)));
      if (answers.add(bitsOf(output)).size > 1) throw new Error("the answers differ");
    }
    if (round > 0) rounds.push(medians); // the first one warms up
  }
  for (const worker of workers) await ask(worker, "bye");
  return compare(rounds);
}

/**
 * @param {string[][]} commands of workers; the first is what the others are compared with
 * @param {Subject} subject
 * @returns {Promise<Times[]>} milliseconds from process start to the first prediction
 */
export async function startUp(commands, { model, input, folder }) {
  const rounds = [];
  for (let round = 0; round < STARTS; round++) {
    const times = [];
    for (const command of commands) {
      const start = performance.now();
      const worker = new Worker(command);
      await ask(worker, "load", model, "serve", "default");
      await ask(worker, "run", "serving_default", input, join(folder, "out"));
      times.push(performance.now() - start);
      await ask(worker, "bye");
      await worker.exit;
    }
    rounds.push(times);
  }
  return compare(rounds);
}
