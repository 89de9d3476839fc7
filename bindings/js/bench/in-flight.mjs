// How long the event loop is held up while 64 calls of `runAsync` are in flight.
//
//   node bench/in-flight.mjs SAVED_MODEL BUNDLE    prints JSON

import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import { Model } from "tf-stele";
import { readBundle } from "../protocol/bundle.js";

const IN_FLIGHT = 64;
const CALLS = 10_000;
const IDLE_MS = 1000;

const [dir, bundle] = process.argv.slice(2);
const model = await Model.load(dir);
const inputs = readBundle(bundle);

/** @param {number} calls that one after another take the place of those that end */
async function flight(calls) {
  let left = calls;
  const seat = async () => {
    while (left-- > 0) await model.runAsync(inputs);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, seat));
}

/**
 * @param {() => Promise<unknown>} work
 * @returns {Promise<{ p99: number, max: number }>} milliseconds between turns, of which 1 is the
 *   timer's own
 */
async function delays(work) {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await work();
  histogram.disable();
  return { p99: histogram.percentile(99) / 1e6, max: histogram.max / 1e6 };
}

await flight(CALLS / 10);
const start = performance.now();
const busy = await delays(() => flight(CALLS));
const perSecond = (CALLS / (performance.now() - start)) * 1000;
const idle = await delays(() => setTimeout(IDLE_MS));
console.log(JSON.stringify({ inFlight: IN_FLIGHT, calls: CALLS, perSecond, busy, idle }));
await model.close();
