// The literals of bindings/contract/values.tsv, as a person writes them in JavaScript.

import { bfloat16FromNumbers, DTYPES, float16FromNumbers } from "tf-stele";

/**
 * @param {import("tf-stele").DType} dtype
 * @param {string} text literals between commas
 * @returns {any} the data of a tensor
 */
export function dataOf(dtype, text) {
  const items = text.split(",").flatMap((literal) => literal.split(";"));
  if (dtype === "BYTES") {
    return items.map((item) => Uint8Array.from(Buffer.from(item.replace(/^hex:/, ""), "hex")));
  }
  const numbers = items.map((item) => numberOf(dtype, item));
  const data = arrayOf(dtype, numbers);
  items.forEach((item, i) => {
    if (item.startsWith("nan:")) writeBits(data, i, item.slice("nan:".length));
  });
  return data;
}

/**
 * @param {import("tf-stele").DType} dtype
 * @param {any[]} numbers
 * @returns {any}
 */
function arrayOf(dtype, numbers) {
  if (dtype === "FP16") return float16FromNumbers(numbers);
  if (dtype === "BF16") return bfloat16FromNumbers(numbers);
  return /** @type {any} */ (DTYPES[dtype].array).from(numbers);
}

/**
 * @param {import("tf-stele").DType} dtype
 * @param {string} literal
 * @returns {number | bigint}
 */
function numberOf(dtype, literal) {
  if (dtype === "INT64" || dtype === "UINT64") return BigInt(literal);
  if (literal.startsWith("nan:")) return NaN;
  const names = { true: 1, false: 0, inf: Infinity, "-inf": -Infinity };
  return Object.hasOwn(names, literal) ? names[/** @type {"inf"} */ (literal)] : Number(literal);
}

/**
 * @param {import("tf-stele").DTypeInfo["array"] & any} data
 * @param {number} index
 * @param {string} hex the bits of the element, the highest first
 */
function writeBits(data, index, hex) {
  const bytes = Buffer.from(hex, "hex").reverse();
  new Uint8Array(data.buffer).set(bytes, index * data.BYTES_PER_ELEMENT);
}
