// The two 16-bit floats, FP16 (IEEE binary16) and BF16 (bfloat16), to and from
// numbers. Node has no array for the first before version 24 and none for the
// second, so tensors carry their raw bits in a Uint16Array.

/** @typedef {{ exponentBits: number, fractionBits: number }} Format */

/** @type {Format} */
const BINARY16 = { exponentBits: 5, fractionBits: 10 };
/** @type {Format} */
const BFLOAT16 = { exponentBits: 8, fractionBits: 7 };

const scratch = new DataView(new ArrayBuffer(8));

/**
 * Rounds to nearest, ties to even. The double is rounded once, never through
 * binary32 first, which would round some values twice.
 *
 * @param {number} value
 * @param {Format} format
 * @returns {number} 16 bits
 */
function encode(value, { exponentBits, fractionBits }) {
  const infinity = ((1 << exponentBits) - 1) << fractionBits;
  if (Number.isNaN(value)) return infinity | (1 << (fractionBits - 1));
  scratch.setFloat64(0, value);
  const high = scratch.getUint16(0);
  const sign = high & 0x8000;
  const bias = (1 << (exponentBits - 1)) - 1;
  // The exponent of the result's last place. Below the smallest normal number
  // it stays the same: that is what makes subnormals.
  const exponent = Math.max(((high & 0x7ff0) >> 4) - 1023, 1 - bias);
  const significand = roundTiesToEven(Math.abs(value) / 2 ** (exponent - fractionBits));
  // A significand that rounded up to the next power of two carries into the
  // exponent, and from the largest number to infinity, by plain addition.
  const bits = (exponent + bias - 1) * 2 ** fractionBits + significand;
  return sign | Math.min(bits, infinity);
}

/**
 * @param {number} value at least 0
 * @returns {number}
 */
function roundTiesToEven(value) {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}

/**
 * @param {number} bits
 * @param {Format} format
 * @returns {number}
 */
function decode(bits, { exponentBits, fractionBits }) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponentMask = (1 << exponentBits) - 1;
  const exponent = (bits >> fractionBits) & exponentMask;
  const fraction = bits & ((1 << fractionBits) - 1);
  if (exponent === exponentMask) return fraction === 0 ? sign * Infinity : Number.NaN;
  const bias = (1 << (exponentBits - 1)) - 1;
  const lastPlace = 2 ** (Math.max(exponent, 1) - bias - fractionBits);
  return sign * (exponent === 0 ? fraction : fraction + (1 << fractionBits)) * lastPlace;
}

/**
 * @param {ArrayLike<number>} numbers
 * @returns {Uint16Array} raw FP16 bits, rounded to nearest, ties to even
 */
export function float16FromNumbers(numbers) {
  return Uint16Array.from(numbers, (value) => encode(value, BINARY16));
}

/**
 * @param {Uint16Array} bits raw FP16 bits
 * @returns {Float32Array} the same values, exactly
 */
export function numbersFromFloat16(bits) {
  return Float32Array.from(bits, (value) => decode(value, BINARY16));
}

/**
 * @param {ArrayLike<number>} numbers
 * @returns {Uint16Array} raw BF16 bits, rounded to nearest, ties to even
 */
export function bfloat16FromNumbers(numbers) {
  return Uint16Array.from(numbers, (value) => encode(value, BFLOAT16));
}

/**
 * @param {Uint16Array} bits raw BF16 bits
 * @returns {Float32Array} the same values, exactly
 */
export function numbersFromBfloat16(bits) {
  return Float32Array.from(bits, (value) => decode(value, BFLOAT16));
}
