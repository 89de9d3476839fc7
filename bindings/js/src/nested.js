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
import { isUint8Array, typedArrayName } from "./typed-array.js";

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

/**
 * Nested arrays of scalars, all rows of one length. A row may be a typed array of the class that holds
 * the dtype's elements.
 *
 * @typedef {Scalar | import("./dtypes.js").TypedArray | readonly Nested[]} Nested
 */

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
/** @type {(round: (value: number) => number) => (value: unknown) => boolean} no infinity of a number */
const roundsBy = (round) => (value) =>
  isNumber(value) &&
  (Number.isFinite(round(/** @type {number} */ (value))) || !Number.isFinite(value));
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
  FP16: roundsBy((value) => numbersFromFloat16(float16FromNumbers([value]))[0]),
  BF16: roundsBy((value) => numbersFromBfloat16(bfloat16FromNumbers([value]))[0]),
  FP32: roundsBy(Math.fround),
  FP64: isNumber,
  C64: roundsBy(Math.fround),
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
 * @throws {SteleError} INVALID_ARGUMENT: rows of different lengths, a value that is no element of the
 *   dtype, or a typed array of another class
 */
export function fromNested(what, dtype, nested) {
  const { dims, shape } = nestingOf(what, dtype, nested);
  /** @type {unknown[]} */
  const items = [];
  flatten(what, dtype, nested, dims, [], items);
  return { dtype, shape, data: pack(dtype, items) };
}

/**
 * @param {DType} dtype
 * @param {unknown} value
 * @returns {value is import("./dtypes.js").TypedArray} and not bytes, which are an element of BYTES
 */
function isRow(dtype, value) {
  return dtype !== "BYTES" && typedArrayName(value) !== undefined;
}

/**
 * @param {string} what
 * @param {DType} dtype
 * @param {unknown} nested
 * @returns {{ dims: number[], shape: number[] }} lengths of the first array at each depth, and the
 *   tensor's shape, which is another for complex numbers
 */
function nestingOf(what, dtype, nested) {
  const { lanes } = DTYPES[dtype];
  const dims = [];
  let level = nested;
  for (; Array.isArray(level); level = level[0]) {
    // An array that contains itself has no end. One more level than ranks: complex pairs.
    if (dims.length > MAX_RANK) {
      throw new SteleError("INVALID_ARGUMENT", `${what} is nested deeper than ${MAX_RANK} arrays`);
    }
    dims.push(level.length);
  }
  if (isRow(dtype, level)) {
    return { dims: [...dims, level.length], shape: [...dims, level.length / lanes] };
  }
  if (lanes === 1 || dims.includes(0)) return { dims, shape: dims };
  if (dims.at(-1) === lanes) return { dims, shape: dims.slice(0, -1) };
  throw new SteleError(
    "INVALID_ARGUMENT",
    `${what} of dtype ${dtype} needs its elements as [real, imaginary]`,
  );
}

/**
 * @param {string} what
 * @param {DType} dtype
 * @param {unknown} value
 * @param {number[]} dims
 * @param {number[]} index where `value` stands
 * @param {unknown[]} items receives the elements, and whole rows that are typed arrays
 */
function flatten(what, dtype, value, dims, index, items) {
  const depth = index.length;
  if (depth === dims.length) {
    if (!ACCEPTS[dtype](value)) {
      throw new SteleError(
        "INVALID_ARGUMENT",
        `${what} has ${quote(value)} at [${index}], which is no ${dtype}`,
      );
    }
    items.push(value);
    return;
  }
  const length = dims[depth];
  if (depth === dims.length - 1 && isRow(dtype, value) && value.length === length) {
    requireClass(what, dtype, value, index);
    items.push(value);
    return;
  }
  if (!Array.isArray(value) || value.length !== length) {
    throw new SteleError(
      "INVALID_ARGUMENT",
      `${what} has ${quote(value)} at [${index}], where the first row has ${length} items`,
    );
  }
  for (let i = 0; i < length; i++) flatten(what, dtype, value[i], dims, [...index, i], items);
}

/**
 * @param {string} what
 * @param {DType} dtype
 * @param {import("./dtypes.js").TypedArray} row
 * @param {number[]} index where it stands
 * @throws {SteleError} INVALID_ARGUMENT: a typed array has a dtype of its own, and it is another
 */
function requireClass(what, dtype, row, index) {
  const expected = DTYPES[dtype].array?.name;
  const name = typedArrayName(row);
  if (name === expected) return;
  throw new SteleError(
    "INVALID_ARGUMENT",
    `${what} of dtype ${dtype} has a ${name} at [${index}], expected ${expected}`,
  );
}

/**
 * @param {unknown} value
 * @returns {string}
 */
function quote(value) {
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `an array of ${value.length} items`;
  const typed = typedArrayName(value);
  if (typed !== undefined) return `a ${typed}`;
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

/**
 * One element as an item of the array that holds them.
 *
 * @param {DType} dtype
 * @param {any} value that the dtype accepts
 * @returns {number | bigint}
 */
function asItem(dtype, value) {
  switch (dtype) {
    case "INT64":
    case "UINT64":
      return BigInt(value);
    case "FP16":
      return float16FromNumbers([value])[0];
    case "BF16":
      return bfloat16FromNumbers([value])[0];
    default:
      return Number(value);
  }
}

/**
 * @param {DType} dtype
 * @param {unknown[]} items elements that the dtype accepts, and rows of its own class
 * @returns {unknown} the array that holds them
 */
function pack(dtype, items) {
  const { array } = DTYPES[dtype];
  if (array === undefined) return items;
  const length = items.reduce(
    (/** @type {number} */ sum, item) => sum + (isRow(dtype, item) ? item.length : 1),
    0,
  );
  const data = /** @type {any} */ (new array(length));
  let at = 0;
  for (const item of items) {
    if (isRow(dtype, item)) {
      data.set(item, at);
      at += item.length;
    } else {
      data[at++] = asItem(dtype, item);
    }
  }
  return data;
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
