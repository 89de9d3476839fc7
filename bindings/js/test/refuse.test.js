// The table "On run" of bindings/contract/PROTOCOL.md, through the library. After every
// row the model must still run.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Model } from "tf-stele";
import { DIGITS, oddModel, steleError } from "./helpers/environment.js";
import { image, REFUSED } from "./helpers/refused.js";

/** @type {Model} */
let digits;
/** @type {Model} */
let free;
/** @type {Model} */
let odd;

before(async () => {
  digits = await Model.load(DIGITS);
  free = await Model.load(oddModel("dtypes"));
  odd = await Model.load(oddModel("odd"));
});
after(() => Promise.all([digits, free, odd].map((model) => model.close())));

/** A signature whose input has any rank. */
const ANY = { signature: "same_FP32" };

for (const [what, [inputs, error, signature]] of Object.entries(REFUSED)) {
  test(what, async () => {
    const run = (/** @type {any} */ given) => digits.run(given, { signature });
    assert.throws(() => run(inputs), steleError(...error));
    await assert.rejects(
      digits.runAsync(/** @type {any} */ (inputs), { signature }),
      steleError(...error),
    );
    assert.equal(Object.values(digits.run({ image }))[0].data.length, 10);
  });
}

for (const inputs of [undefined, null, 5, "image", () => image]) {
  test(`inputs that are ${String(inputs)}`, () => {
    assert.throws(() => digits.run(/** @type {any} */ (inputs)), steleError("INVALID_ARGUMENT"));
  });
}

test("sparse tensors, resources and TensorFlow's own signatures", () => {
  const run = (/** @type {string} */ signature) => () => odd.run({}, { signature });
  assert.throws(run("sparse"), steleError("UNIMPLEMENTED", '"x"', "sparse"));
  assert.throws(run("resource"), steleError("UNIMPLEMENTED", '"handle"', "TF_20"));
  assert.throws(run("__saved_model_own"), steleError("NOT_FOUND", "__saved_model_own"));
});

test("a NUL in the name of a signature or an input", () => {
  const error = steleError("INVALID_ARGUMENT", 'a name or path holds a NUL: "a\\0b"');
  assert.throws(() => free.run({ x: 1 }, { signature: "a\0b" }), error);
  assert.throws(() => free.run({ x: 1, "a\0b": 1 }, ANY), error);
});

test("ten times as many inputs that the signature does not have cost some ten times as much", () => {
  /** @param {number} count @returns {number} microseconds of this process, whatever runs beside it */
  const cost = (count) => {
    /** @type {[string, number][]} */
    const inputs = Array.from({ length: count }, (_, i) => [`i${i}`, 1]);
    const before = process.cpuUsage();
    assert.throws(() => free.run(inputs, ANY), steleError("INVALID_ARGUMENT", '"i0"', '"x"'));
    assert.throws(
      () => free.run([...inputs, inputs[count - 1]], ANY),
      steleError("INVALID_ARGUMENT", "twice"),
    );
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  const few = cost(1e4);
  assert.ok(cost(1e5) < 50 * few);
});

test("ranks beyond TensorFlow's limit, which would abort the process", () => {
  const x = { dtype: "FP32", shape: new Array(255).fill(1), data: Float32Array.of(1) };
  assert.throws(
    () => free.run({ x: /** @type {any} */ (x) }, ANY),
    steleError("INVALID_ARGUMENT", '"x"', "255"),
  );
});

test("dimensions whose product overflows before a 0, which would abort the process", () => {
  const shape = [2 ** 40, 2 ** 40, 0];
  const x = { dtype: "FP32", shape, data: new Float32Array() };
  assert.throws(
    () => free.run({ x: /** @type {any} */ (x) }, ANY),
    steleError("INVALID_ARGUMENT", '"x"'),
  );
  const fits = { dtype: "FP32", shape: [2 ** 40, 0, 2 ** 20], data: new Float32Array() };
  assert.deepEqual(free.run({ x: /** @type {any} */ (fits) }, ANY).same.shape, fits.shape);
});
