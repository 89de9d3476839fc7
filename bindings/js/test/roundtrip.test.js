import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { DTYPES, Model } from "tf-stele";
import { bits, tensors } from "./helpers/arbitrary.js";
import { temporaryFolder } from "./helpers/environment.js";
import { identityGraph, writeSavedModel } from "./helpers/saved-model.js";

const folder = temporaryFolder();

for (const dtype of /** @type {(keyof typeof DTYPES)[]} */ (Object.keys(DTYPES))) {
  test(`${dtype}: bits pass through TensorFlow unchanged, in this thread and in another`, async () => {
    const model = await Model.load(
      writeSavedModel(join(folder, dtype), identityGraph(dtype, null)),
    );
    await fc.assert(
      fc.asyncProperty(tensors(dtype), async (x) => {
        const expected = bits(x);
        assert.deepEqual(bits(model.run({ x }).y), expected);
        assert.deepEqual(bits((await model.runAsync({ x })).y), expected);
        assert.deepEqual(bits(x), expected, "the input is untouched");
      }),
      { numRuns: 100 },
    );
    await model.close();
  });
}

test("a view into a larger buffer, and shared memory", async () => {
  const model = await Model.load(
    writeSavedModel(join(folder, "view"), identityGraph("FP32", [null])),
  );
  const buffer = Float32Array.from({ length: 100 }, (_, i) => i);
  const view = buffer.subarray(50, 53);
  assert.deepEqual(model.run({ x: view }).y.data, Float32Array.of(50, 51, 52));
  const shared = new Float32Array(new SharedArrayBuffer(8));
  shared.set([3, 4]);
  assert.deepEqual(model.run({ x: shared }).y.data, Float32Array.of(3, 4));
  await model.close();
});

test("rank 254 is TensorFlow's limit, and passes", async () => {
  const model = await Model.load(
    writeSavedModel(join(folder, "rank"), identityGraph("INT8", null)),
  );
  const shape = new Array(254).fill(1);
  const x = /** @type {const} */ ({ dtype: "INT8", shape, data: Int8Array.of(5) });
  assert.deepEqual(model.run({ x }).y, x);
  await model.close();
});
