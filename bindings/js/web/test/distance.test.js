// Distances on the page are those of the harness (stele.parity.compare).

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { tensor } from "../../src/tensor.js";
import { distance, ulps } from "../src/distance.js";

/**
 * @param {number} number
 * @param {number} steps
 * @returns {number} the FP32 that many representable numbers further from zero
 */
function further(number, steps) {
  const bits = new Int32Array(Float32Array.of(number).buffer);
  bits[0] += steps;
  return new Float32Array(bits.buffer)[0];
}

/** @param {...number} numbers */
const fp32 = (...numbers) => tensor("FP32", [numbers.length], Float32Array.from(numbers));

test("the same bits are identical, in every dtype", () => {
  const tensors = [
    fp32(1, -0, Number.NaN, Infinity),
    tensor("FP64", [1], Float64Array.of(Math.PI)),
    tensor("FP16", [2], Uint16Array.of(0x7e01, 0x0001)),
    tensor("INT64", [1], BigInt64Array.of(-1n)),
    tensor("BOOL", [], Uint8Array.of(1)),
    tensor("BYTES", [2], [Uint8Array.of(0, 255), Uint8Array.of()]),
    tensor("C64", [1], Float32Array.of(1, -0)),
  ];
  for (const one of tensors) {
    const { identical, differing } = distance(one, one);
    assert.deepEqual([identical, differing], [true, 0], one.dtype);
  }
});

test("steps away are as many ULP, across zero as well", () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.nat(1000), (number, n) => {
      fc.pre(Number.isFinite(further(number, n)));
      const measured = distance(fp32(number), fp32(further(number, n)));
      assert.equal(measured.ulp, n);
      assert.equal(measured.identical, n === 0);
    }),
  );
  assert.equal(distance(fp32(further(0, 3)), fp32(further(-0, 2))).ulp, 5);
});

test("-0 and 0, and two NaNs, differ in bits and by no distance", () => {
  assert.deepEqual(distance(fp32(0), fp32(-0)), {
    identical: false,
    differing: 1,
    ulp: 0,
    absolute: 0,
  });
  const quiet = new Float32Array(Uint32Array.of(0x7fc00001).buffer);
  const other = new Float32Array(Uint32Array.of(0x7fc00002).buffer);
  assert.equal(distance(tensor("FP32", [1], quiet), tensor("FP32", [1], other)).ulp, 0);
});

test("a NaN against a number has no distance, whatever else is near", () => {
  const { ulp, absolute, differing } = distance(fp32(1, Number.NaN, 2), fp32(1.5, 1, 3));
  assert.deepEqual([ulp, absolute, differing], [null, null, 3]);
});

test("64 and 16 bits are counted in their own steps", () => {
  const next = Float64Array.of(1 + Number.EPSILON);
  assert.equal(distance(tensor("FP64", [1], Float64Array.of(1)), tensor("FP64", [1], next)).ulp, 1);
  const [low, high] = [Uint16Array.of(0x3c00), Uint16Array.of(0x3c03)];
  assert.equal(distance(tensor("FP16", [1], low), tensor("FP16", [1], high)).ulp, 3);
  assert.equal(distance(tensor("BF16", [1], low), tensor("BF16", [1], high)).ulp, 3);
});

test("what is no float differs or does not; another shape differs altogether", () => {
  const words = (/** @type {string[]} */ ...texts) =>
    tensor("BYTES", [texts.length], /** @type {any} */ (texts));
  assert.equal(distance(words("a", "b"), words("a", "c")).differing, 1);
  const [one, two] = [BigInt64Array.of(2n ** 62n), BigInt64Array.of(2n ** 62n + 1n)];
  assert.equal(distance(tensor("INT64", [1], one), tensor("INT64", [1], two)).identical, false);
  assert.equal(distance(fp32(1, 2), fp32(1)).identical, false);
  assert.equal(distance(fp32(1), tensor("FP64", [1], Float64Array.of(1))).identical, false);
});

test("ulps counts element by element", () => {
  const expected = Float32Array.of(1, 0, Number.NaN, Number.NaN);
  const actual = Float32Array.of(further(1, 7), -0, Number.NaN, 1);
  assert.deepEqual(ulps(expected, actual), [7, 0, 0, null]);
});
