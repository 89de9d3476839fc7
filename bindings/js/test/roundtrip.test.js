import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { DTYPES, Model } from "tf-stele";
import { bits, tensors } from "./helpers/arbitrary.js";
import { oddModel } from "./helpers/environment.js";

/** @type {Model} */
let model;

before(async () => {
  model = await Model.load(oddModel("dtypes"));
});
after(() => model.close());

for (const dtype of /** @type {(keyof typeof DTYPES)[]} */ (Object.keys(DTYPES))) {
  test(`${dtype}: bits pass through TensorFlow unchanged, in this thread and in another`, async () => {
    const options = { signature: `same_${dtype}` };
    await fc.assert(
      fc.asyncProperty(tensors(dtype), async (x) => {
        const expected = bits(x);
        assert.deepEqual(bits(model.run({ x }, options).same), expected);
        assert.deepEqual(bits((await model.runAsync({ x }, options)).same), expected);
        assert.deepEqual(bits(x), expected, "the input is untouched");
      }),
      { numRuns: 100 },
    );
  });
}

test("a view into a larger buffer, and shared memory", async () => {
  const same = (/** @type {Float32Array} */ x) =>
    model.run({ x }, { signature: "same_FP32" }).same.data;
  const buffer = Float32Array.from({ length: 100 }, (_, i) => i);
  const view = buffer.subarray(50, 53);
  assert.deepEqual(same(view), Float32Array.of(50, 51, 52));
  const shared = new Float32Array(new SharedArrayBuffer(8));
  shared.set([3, 4]);
  assert.deepEqual(same(shared), Float32Array.of(3, 4));
});

test("rank 254 is TensorFlow's limit, and passes", async () => {
  const shape = new Array(254).fill(1);
  const x = /** @type {const} */ ({ dtype: "INT8", shape, data: Int8Array.of(5) });
  assert.deepEqual(model.run({ x }, { signature: "same_INT8" }).same, x);
});
