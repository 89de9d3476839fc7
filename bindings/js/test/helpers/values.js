// The literals of bindings/contract/values.tsv, as a person writes them in JavaScript: in
// this process and in a page, so nothing of Node is here.

import { DTYPES } from "../../src/dtypes.js";
import { bfloat16FromNumbers, float16FromNumbers } from "../../src/float16.js";

/** @typedef {import("../../src/dtypes.js").DType} DType */

/**
 * @param {DType} dtype
 * @param {string} text literals between commas
 * @returns {any} the data of a tensor
 */
export function dataOf(dtype, text) {
  const items = text.split(",").flatMap((literal) => literal.split(";"));
  if (dtype === "BYTES") return items.map(bytesOf);
  const numbers = items.map((item) => numberOf(dtype, item));
  const data = arrayOf(dtype, numbers);
  items.forEach((item, i) => {
    if (item.startsWith("nan:")) writeBits(data, i, item.slice("nan:".length));
  });
  return data;
}

/**
 * @param {DType} dtype
 * @param {number[]} dims
 * @param {string} text literals between commas
 * @returns {any} the same as nested arrays, but for the payload of a NaN, which a number has not
 */
export function nestedOf(dtype, dims, text) {
  const elements = text.split(",").map((literal) => elementOf(dtype, literal));
  return nest(elements, dims);
}

/**
 * @param {unknown[]} flat
 * @param {number[]} dims
 * @returns {unknown[]}
 */
function nest(flat, [, ...inner]) {
  if (inner.length === 0) return flat;
  const size = inner.reduce((a, b) => a * b);
  return Array.from({ length: flat.length / size }, (_, i) =>
    nest(flat.slice(i * size, (i + 1) * size), inner),
  );
}

/**
 * @param {DType} dtype
 * @param {string} literal
 * @returns {unknown}
 */
function elementOf(dtype, literal) {
  if (dtype === "BYTES") return bytesOf(literal);
  if (dtype === "BOOL") return literal === "true";
  const parts = literal.split(";").map((part) => numberOf(dtype, part));
  return parts.length > 1 ? parts : parts[0];
}

/**
 * @param {DType} dtype
 * @param {any[]} numbers
 * @returns {any}
 */
function arrayOf(dtype, numbers) {
  if (dtype === "FP16") return float16FromNumbers(numbers);
  if (dtype === "BF16") return bfloat16FromNumbers(numbers);
  return /** @type {any} */ (DTYPES[dtype].array).from(numbers);
}

/**
 * @param {DType} dtype
 * @param {string} literal
 * @returns {number | bigint}
 */
function numberOf(dtype, literal) {
  if (dtype === "INT64" || dtype === "UINT64") return BigInt(literal);
  if (literal.startsWith("nan:")) return NaN;
  const names = { true: 1, false: 0, inf: Infinity, "-inf": -Infinity };
  return Object.hasOwn(names, literal) ? names[/** @type {"inf"} */ (literal)] : Number(literal);
}

/** @param {string} literal `hex:` and the bytes */
function bytesOf(literal) {
  return fromHex(literal.slice("hex:".length));
}

/** @param {string} hex */
function fromHex(hex) {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

/**
 * @param {any} data
 * @param {number} index
 * @param {string} hex the bits of the element, the highest first
 */
function writeBits(data, index, hex) {
  new Uint8Array(data.buffer).set(fromHex(hex).reverse(), index * data.BYTES_PER_ELEMENT);
}
