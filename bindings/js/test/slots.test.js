import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { MAX_RUNNING, withSlot } from "../src/slots.js";

test("as many calls run as there are slots; the others start in order, also after a failure", async () => {
  /** @type {number[]} */
  const started = [];
  /** @type {(() => void)[]} */
  const ends = [];
  const count = MAX_RUNNING + 5;
  const calls = Array.from({ length: count }, (_, i) =>
    withSlot(() => {
      started.push(i);
      return new Promise((resolve, reject) => {
        ends.push(() => (i % 2 === 0 ? resolve(i) : reject(new Error(String(i)))));
      });
    }),
  );
  const settled = Promise.allSettled(calls);
  for (let running = MAX_RUNNING; running <= count; running++) {
    await setImmediate();
    assert.equal(started.length, running);
    // The last one that started ends first: order is of the queue, not of the work.
    ends.pop()?.();
  }
  while (ends.length > 0) ends.pop()?.();
  assert.deepEqual(
    started,
    Array.from({ length: count }, (_, i) => i),
  );
  const results = await settled;
  results.forEach(({ status }, i) => {
    assert.equal(status, i % 2 === 0 ? "fulfilled" : "rejected");
  });
});

test("a call that comes while others wait does not jump the queue", async () => {
  /** @type {string[]} */
  const started = [];
  /** @type {(() => void)[]} */
  const ends = [];
  const call = (/** @type {string} */ name) =>
    withSlot(() => {
      started.push(name);
      return new Promise((resolve) => ends.push(() => resolve(undefined)));
    });
  const first = Array.from({ length: MAX_RUNNING }, () => call("first"));
  const waiting = call("waiting");
  ends.shift()?.();
  await first[0];
  const late = call("late");
  await setImmediate();
  assert.deepEqual(started.slice(MAX_RUNNING), ["waiting"]);
  while (started.length < MAX_RUNNING + 2) {
    ends.shift()?.();
    await setImmediate();
  }
  for (const end of ends) end();
  await Promise.all([...first, waiting, late]);
  assert.equal(started.at(-1), "late");
});
