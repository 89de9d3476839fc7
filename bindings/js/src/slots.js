// How many native calls run at once.

import { availableParallelism } from "node:os";

// Node lends its pool's threads to these calls, and needs them for files, DNS
// and cryptography as well: one is left free. More calls than cores would only
// take turns.
const POOL = Number(process.env.UV_THREADPOOL_SIZE) || 4;

/** How many native calls may run on worker threads at once; more wait their turn. */
export const MAX_RUNNING = Math.max(1, Math.min(availableParallelism(), POOL - 1));

let running = 0;
/** @type {(() => void)[]} */
const waiting = [];

/**
 * Runs an asynchronous call when a slot is free, in the order of the calls.
 *
 * @template T
 * @param {() => Promise<T>} call
 * @returns {Promise<T>}
 */
export async function withSlot(call) {
  if (running < MAX_RUNNING) running++;
  // The slot is handed over, not freed and taken: nobody can jump the queue.
  else await new Promise((resolve) => waiting.push(() => resolve(undefined)));
  try {
    return await call();
  } finally {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }
}
