import assert from "node:assert/strict";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { test } from "node:test";
import { Model, tensor } from "tf-stele";
import { bits } from "./helpers/arbitrary.js";
import { DIGITS, oddModel } from "./helpers/environment.js";

/**
 * @param {number} seed
 * @param {number} batch
 */
function images(seed, batch) {
  const data = Float32Array.from(
    { length: batch * 64 },
    (_, i) => 16 * Math.sin(i + seed * 100) ** 2,
  );
  return tensor("FP32", [batch, 8, 8, 1], data);
}

test("64 runs in flight give each its own answer, the bits of a run alone", async (t) => {
  const model = await Model.load(DIGITS);
  const inputs = Array.from({ length: 64 }, (_, i) => images(i, 1 + (i % 3)));
  const alone = inputs.map((image) => bits(Object.values(model.run({ image }))[0]));
  assert.ok(new Set(alone.map((answer) => JSON.stringify(answer))).size > 60, "answers differ");

  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  for (let round = 0; round < 5; round++) {
    const together = await Promise.all(inputs.map((image) => model.runAsync({ image })));
    together.forEach((outputs, i) => {
      assert.deepEqual(bits(Object.values(outputs)[0]), alone[i]);
    });
  }
  delay.disable();
  await model.close();
  t.diagnostic(
    `event loop delay with 64 in flight: median ${(delay.percentile(50) / 1e6).toFixed(1)} ms, ` +
      `99th percentile ${(delay.percentile(99) / 1e6).toFixed(1)} ms, ` +
      `maximum ${(delay.max / 1e6).toFixed(1)} ms`,
  );
});

test("the event loop turns while TensorFlow works", async () => {
  const model = await Model.load(DIGITS);
  const image = images(1, 3000);
  const order = /** @type {string[]} */ ([]);
  const run = model.runAsync({ image }).then(() => order.push("run"));
  await new Promise((resolve) => setImmediate(resolve));
  order.push("turn");
  await run;
  assert.deepEqual(order, ["turn", "run"]);
  await model.close();
});

test("more calls than koffi would queue", async () => {
  const model = await Model.load(oddModel("echo-INT32"));
  const runs = Array.from({ length: 300 }, (_, x) => model.runAsync({ x }));
  const answers = await Promise.all(runs);
  answers.forEach(({ y }, i) => {
    assert.deepEqual(y.data, Int32Array.of(i));
  });
  await model.close();
});

test("errors in flight reject their own call only", async () => {
  const model = await Model.load(DIGITS);
  const image = images(2, 1);
  const wrong = tensor("FP32", [1, 8], new Float32Array(8));
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, i) => model.runAsync({ image: i % 2 === 0 ? image : wrong })),
  );
  results.forEach(({ status }, i) => {
    assert.equal(status, i % 2 === 0 ? "fulfilled" : "rejected");
  });
  await model.close();
});
