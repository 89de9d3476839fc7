// Nested arrays, the way people write small tensors: [[1, 2], [3, 4]].

import { DTYPES } from "./dtypes.js";
import { SteleError } from "./errors.js";
import {
  bfloat16FromNumbers,
  float16FromNumbers,
  numbersFromBfloat16,
  numbersFromFloat16,
} from "./float16.js";
import { MAX_RANK } from "./shape.js";
import { isUint8Array } from "./typed-array.js";

/**
 * @typedef {import("./dtypes.js").DType} DType
 * @typedef {import("./tensor.js").Tensor} Tensor
 */

/**
 * The value of one element: a number for FP16, BF16, FP32, FP64 and integers of up to 32 bits, a
 * bigint (or a safe integer) for 64 bits, a boolean for BOOL, bytes (or a string) for BYTES, and
 * `[real, imaginary]` for C64 and C128.
 *
 * @typedef {number | bigint | boolean | string | Uint8Array} Scalar
 */

/** @typedef {Scalar | readonly Nested[]} Nested nested arrays of scalars, all rows of one length */

/** @type {Record<"INT8" | "INT16" | "INT32" | "UINT8" | "UINT16" | "UINT32", [number, number]>} */
const RANGES = {
  INT8: [-(2 ** 7), 2 ** 7 - 1],
  INT16: [-(2 ** 15), 2 ** 15 - 1],
  INT32: [-(2 ** 31), 2 ** 31 - 1],
  UINT8: [0, 2 ** 8 - 1],
  UINT16: [0, 2 ** 16 - 1],
  UINT32: [0, 2 ** 32 - 1],
};

/** @param {unknown} value */
const isNumber = (value) => typeof value === "number";
/** @param {unknown} value */
const isWhole = (value) => typeof value === "bigint" || Number.isSafeInteger(value);

/**
 * Whether a value can become an element of a dtype without loss (other than rounding a float).
 *
 * @type {Record<DType, (value: unknown) => boolean>}
 */
const ACCEPTS = {
  BOOL: (value) => typeof value === "boolean",
  INT8: within("INT8"),
  INT16: within("INT16"),
  INT32: within("INT32"),
  INT64: (value) => isWhole(value) && BigInt.asIntN(64, asBigInt(value)) === asBigInt(value),
  UINT8: within("UINT8"),
  UINT16: within("UINT16"),
  UINT32: within("UINT32"),
  UINT64: (value) => isWhole(value) && BigInt.asUintN(64, asBigInt(value)) === asBigInt(value),
  FP16: isNumber,
  BF16: isNumber,
  FP32: isNumber,
  FP64: isNumber,
  C64: isNumber,
  C128: isNumber,
  BYTES: (value) => typeof value === "string" || isUint8Array(value),
};

/** @param {keyof typeof RANGES} dtype */
function within(dtype) {
  const [low, high] = RANGES[dtype];
  return (/** @type {unknown} */ value) =>
    Number.isInteger(value) &&
    /** @type {number} */ (value) >= low &&
    /** @type {number} */ (value) <= high;
}

/** @param {unknown} value a bigint or a safe integer */
function asBigInt(value) {
  return BigInt(/** @type {bigint | number} */ (value));
}

/**
 * Flattens nested arrays into a tensor of a known dtype; the shape is that of the nesting.
 *
 * @param {string} what names the tensor in messages
 * @param {DType} dtype
 * @param {unknown} nested
 * @returns {{ dtype: DType, shape: number[], data: unknown }} not yet checked as a tensor
 * @throws {SteleError} INVALID_ARGUMENT: rows of different lengths, or a value that is no element
 *   of the dtype
 */
export function fromNested(what, dtype, nested) {
  const lanes = DTYPES[dtype].lanes;
  const dims = nestingOf(what, nested);
  if (lanes > 1 && dims.at(-1) !== lanes) {
    throw new SteleError(
      "INVALID_ARGUMENT",
      `${what} of dtype ${dtype} needs its elements as [real, imaginary]`,
    );
  }
  /** @type {unknown[]} */
  const flat = [];
  flatten(what, dtype, nested, dims, [], flat);
  return { dtype, shape: lanes > 1 ? dims.slice(0, -1) : dims, data: pack(dtype, flat) };
}

/**
 * @param {string} what
 * @param {unknown} nested
 * @returns {number[]} lengths of the first array at each depth
 */
function nestingOf(what, nested) {
  const dims = [];
  for (let level = nested; Array.isArray(level); level = level[0]) {
    // An array that contains itself has no end. One more level than ranks: complex pairs.
    if (dims.length > MAX_RANK) {
      throw new SteleError("INVALID_ARGUMENT", `${what} is nested deeper than ${MAX_RANK} arrays`);
    }
    dims.push(level.length);
  }
  return dims;
}

/**
 * @param {string} what
 * @param {DType} dtype
 * @param {unknown} value
 * @param {number[]} dims
 * @param {number[]} index where `value` stands
 * @param {unknown[]} flat receives the elements
 */
function flatten(what, dtype, value, dims, index, flat) {
  if (index.length === dims.length) {
    if (!ACCEPTS[dtype](value)) {
      throw new SteleError(
        "INVALID_ARGUMENT",
        `${what} has ${quote(value)} at [${index}], which is no ${dtype}`,
      );
    }
    flat.push(value);
    return;
  }
  const length = dims[index.length];
  if (!Array.isArray(value) || value.length !== length) {
    throw new SteleError(
      "INVALID_ARGUMENT",
      `${what} has ${quote(value)} at [${index}], where the first row has ${length} items`,
    );
  }
  for (let i = 0; i < length; i++) flatten(what, dtype, value[i], dims, [...index, i], flat);
}

/**
 * @param {unknown} value
 * @returns {string}
 */
function quote(value) {
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `an array of ${value.length} items`;
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

/**
 * @param {DType} dtype
 * @param {unknown[]} flat elements that the dtype accepts
 * @returns {unknown} the array that holds them
 */
function pack(dtype, flat) {
  switch (dtype) {
    case "BYTES":
      return flat;
    case "INT64":
      return BigInt64Array.from(flat, asBigInt);
    case "UINT64":
      return BigUint64Array.from(flat, asBigInt);
    case "FP16":
      return float16FromNumbers(/** @type {number[]} */ (flat));
    case "BF16":
      return bfloat16FromNumbers(/** @type {number[]} */ (flat));
    default: {
      const array = /** @type {any} */ (DTYPES[dtype].array);
      return array.from(flat, Number);
    }
  }
}

/**
 * A tensor as nested arrays: a bare element for a scalar.
 *
 * @param {Tensor} tensor
 * @returns {Nested} numbers, also for FP16 and BF16; bigints for 64-bit integers; booleans; bytes
 *   for BYTES; `[real, imaginary]` for complex numbers
 */
export function toNested(tensor) {
  const lanes = DTYPES[tensor.dtype].lanes;
  const dims = lanes > 1 ? [...tensor.shape, lanes] : tensor.shape;
  return nest(unpack(tensor), dims, 0, { at: 0 });
}

/**
 * @param {ArrayLike<Scalar>} flat
 * @param {readonly number[]} dims
 * @param {number} depth
 * @param {{ at: number }} cursor the next element to take
 * @returns {Nested}
 */
function nest(flat, dims, depth, cursor) {
  if (depth === dims.length) return flat[cursor.at++];
  return Array.from({ length: dims[depth] }, () => nest(flat, dims, depth + 1, cursor));
}

/**
 * @param {Tensor} tensor
 * @returns {ArrayLike<Scalar>}
 */
function unpack({ dtype, data }) {
  switch (dtype) {
    case "BOOL":
      return Array.from(data, (byte) => byte !== 0);
    case "FP16":
      return numbersFromFloat16(data);
    case "BF16":
      return numbersFromBfloat16(data);
    default:
      return data;
  }
}
