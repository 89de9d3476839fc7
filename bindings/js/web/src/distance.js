// How far two tensors are apart: bits, ULP, absolute. The harness in Python
// (stele.parity.compare) is the judge; this shows the same figures on a page.

import { numbersFromBfloat16, numbersFromFloat16 } from "../../src/float16.js";

/** @typedef {import("../../src/tensor.js").Tensor} Tensor */

/**
 * @typedef {object} Distance
 * @property {boolean} identical whether every bit is the same
 * @property {number} differing how many elements differ in a bit
 * @property {number | null} ulp the most representable numbers between two elements; null where that
 *   has no meaning: integers, strings, other shapes, a NaN against a number
 * @property {number | null} absolute the largest difference; null likewise
 */

/**
 * How a float dtype is laid out: the view on its bits, and its numbers.
 *
 * @type {Record<string, { bits: (data: any) => ArrayLike<number | bigint>, width: number,
 *   numbers: (data: any) => ArrayLike<number> }>}
 */
const FLOATS = {
  FP16: { bits: (data) => data, width: 16, numbers: numbersFromFloat16 },
  BF16: { bits: (data) => data, width: 16, numbers: numbersFromBfloat16 },
  FP32: { bits: (data) => view(Uint32Array, data), width: 32, numbers: (data) => data },
  FP64: { bits: (data) => view(BigUint64Array, data), width: 64, numbers: (data) => data },
};
FLOATS.C64 = FLOATS.FP32;
FLOATS.C128 = FLOATS.FP64;

/**
 * @param {Tensor} expected
 * @param {Tensor} actual
 * @returns {Distance}
 */
export function distance(expected, actual) {
  if (expected.dtype !== actual.dtype || expected.shape.join() !== actual.shape.join()) {
    return { identical: false, differing: expected.data.length, ulp: null, absolute: null };
  }
  const float = FLOATS[expected.dtype];
  if (float === undefined) {
    const differing = countDiffering(expected, actual);
    return { identical: differing === 0, differing, ulp: null, absolute: null };
  }
  return floatDistance(float, expected.data, actual.data);
}

/**
 * The distance of each pair of elements, in ULP.
 *
 * @param {Float32Array} expected
 * @param {Float32Array} actual as many
 * @returns {(number | null)[]} null for a NaN against a number
 */
export function ulps(expected, actual) {
  const { bits, width } = FLOATS.FP32;
  const [a, b] = [bits(expected), bits(actual)];
  return Array.from(expected, (number, i) => steps(a[i], b[i], width, number, actual[i]));
}

/**
 * @param {typeof FLOATS[string]} float
 * @param {any} expected
 * @param {any} actual
 * @returns {Distance}
 */
function floatDistance({ bits, width, numbers }, expected, actual) {
  const [a, b] = [bits(expected), bits(actual)];
  const [x, y] = [numbers(expected), numbers(actual)];
  let differing = 0;
  let ulp = /** @type {number | null} */ (0);
  let absolute = /** @type {number | null} */ (0);
  for (let i = 0; i < a.length; i++) {
    if (a[i] === b[i]) continue;
    differing++;
    const apart = steps(a[i], b[i], width, x[i], y[i]);
    if (apart === null || ulp === null || absolute === null) {
      ulp = absolute = null;
      continue;
    }
    ulp = Math.max(ulp, apart);
    if (x[i] !== y[i] && apart > 0) absolute = Math.max(absolute, Math.abs(x[i] - y[i]));
  }
  return { identical: differing === 0, differing, ulp, absolute };
}

/**
 * @param {number | bigint} a the bits of x
 * @param {number | bigint} b the bits of y
 * @param {number} width of both
 * @param {number} x
 * @param {number} y
 * @returns {number | null} representable numbers from one to the other; 0 between -0 and 0, and
 *   between two NaNs; null between a NaN and a number
 */
function steps(a, b, width, x, y) {
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) && Number.isNaN(y) ? 0 : null;
  const apart = order(a, width) - order(b, width);
  return Number(apart < 0n ? -apart : apart);
}

/**
 * @param {number | bigint} bits
 * @param {number} width
 * @returns {bigint} in the order of the numbers that the bits mean; the same for -0 and 0
 */
function order(bits, width) {
  const sign = 1n << BigInt(width - 1);
  const whole = BigInt(bits);
  return whole >= sign ? sign - whole : whole;
}

/**
 * @param {Tensor} expected of no float dtype
 * @param {Tensor} actual of the same dtype and shape
 * @returns {number} elements that differ
 */
function countDiffering(expected, actual) {
  const [a, b] = /** @type {[ArrayLike<any>, ArrayLike<any>]} */ ([expected.data, actual.data]);
  let differing = 0;
  for (let i = 0; i < a.length; i++) {
    if (expected.dtype === "BYTES" ? a[i].join() !== b[i].join() : a[i] !== b[i]) differing++;
  }
  return differing;
}

/**
 * @template {Uint32Array | BigUint64Array} V
 * @param {new (buffer: ArrayBufferLike, offset: number, length: number) => V} View
 * @param {Float32Array | Float64Array} data
 * @returns {V} on the same memory
 */
function view(View, data) {
  return new View(data.buffer, data.byteOffset, data.length);
}
