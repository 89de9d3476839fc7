// Tensors: plain objects {dtype, shape, data}, and the checks that make one
// safe to hand to TensorFlow.

import { DTYPES, dtypeByName } from "./dtypes.js";
import { SteleError } from "./errors.js";
import { elementCount, formatShape } from "./shape.js";
import { encodeUtf8 } from "./text.js";
import { isUint8Array, typedArrayName } from "./typed-array.js";

/**
 * @typedef {import("./dtypes.js").DType} DType
 * @typedef {import("./dtypes.js").DataOf} DataOf
 */

/**
 * Elements in row-major order with their shape; an empty shape is a scalar.
 *
 * @template {DType} [D=DType]
 * @template {readonly number[]} [S=readonly number[]]
 * @typedef {D extends DType ? { readonly dtype: D, readonly shape: S, readonly data: DataOf[D] }
 *   : never} Tensor
 */

/** The name of the class that holds a dtype's elements. */
const ARRAY_NAMES = /** @type {Record<DType, string>} */ (
  Object.fromEntries(Object.values(DTYPES).map(({ name, array = Array }) => [name, array.name]))
);

/**
 * @param {unknown} value
 * @returns {string} what a message calls it
 */
function describe(value) {
  return typedArrayName(value) ?? (Array.isArray(value) ? "Array" : typeof value);
}

/**
 * Makes a tensor, checked. The data is not copied.
 *
 * @template {DType} D
 * @template {readonly number[]} const S
 * @param {D} dtype
 * @param {S} shape
 * @param {DataOf[D]} data as many elements as the shape holds
 * @returns {Tensor<D, S>}
 * @throws {SteleError} INVALID_ARGUMENT: unknown dtype, bad shape, data of another class or length,
 *   a BOOL that is neither 0 nor 1
 */
export function tensor(dtype, shape, data) {
  return /** @type {Tensor<D, S>} */ (checkTensor("tensor", { dtype, shape, data }));
}

/**
 * Checks that an object is a tensor and returns one whose fields no getter can change later.
 *
 * @param {string} what names the tensor in messages
 * @param {{ dtype?: unknown, shape?: unknown, data?: unknown }} value
 * @returns {Tensor}
 * @throws {SteleError} INVALID_ARGUMENT, as {@link tensor}
 */
export function checkTensor(what, { dtype, shape, data }) {
  const info = dtypeByName(String(dtype));
  if (info === undefined) {
    throw new SteleError("INVALID_ARGUMENT", `${what} has unknown dtype ${String(dtype)}`);
  }
  if (!Array.isArray(shape)) {
    throw new SteleError(
      "INVALID_ARGUMENT",
      `${what} needs its shape as an array of numbers, not ${describe(shape)}`,
    );
  }
  // Read once, into an array that is nobody else's.
  /** @type {number[]} */
  const dims = [];
  for (let i = 0; i < shape.length; i++) dims.push(shape[i]);
  const length = elementCount(what, dims) * info.lanes;
  const expected = ARRAY_NAMES[info.name];
  if (describe(data) !== expected) {
    throw new SteleError(
      "INVALID_ARGUMENT",
      `${what} of dtype ${info.name} needs its data as ${expected}, not ${describe(data)}`,
    );
  }
  const elements = /** @type {DataOf[DType]} */ (data);
  if (elements.length !== length) {
    throw new SteleError(
      "INVALID_ARGUMENT",
      `${what} of dtype ${info.name} has shape ${formatShape(dims)}, which needs ${length} ` +
        `items of data, not ${elements.length}`,
    );
  }
  const checked =
    info.name === "BYTES"
      ? checkBytes(what, /** @type {unknown[]} */ (data))
      : info.name === "BOOL"
        ? checkBooleans(what, /** @type {Uint8Array} */ (data))
        : data;
  return /** @type {Tensor} */ ({ dtype: info.name, shape: dims, data: checked });
}

/**
 * @param {string} what
 * @param {unknown[]} elements bytes, or strings that are encoded as UTF-8
 * @returns {Uint8Array[]}
 */
function checkBytes(what, elements) {
  return Array.from(elements, (element, index) => {
    if (isUint8Array(element)) return element;
    if (typeof element === "string") return encodeUtf8(`${what}: element ${index}`, element);
    throw new SteleError(
      "INVALID_ARGUMENT",
      `${what} of dtype BYTES needs Uint8Array or string elements; number ${index} is ` +
        describe(element),
    );
  });
}

/**
 * @param {string} what
 * @param {Uint8Array} data
 * @returns {Uint8Array}
 */
function checkBooleans(what, data) {
  // C++ may do anything with a bool that is neither 0 nor 1.
  const index = data.findIndex((byte) => byte > 1);
  if (index >= 0) {
    throw new SteleError(
      "INVALID_ARGUMENT",
      `${what} of dtype BOOL has value ${data[index]} at element ${index}; only 0 and 1 are`,
    );
  }
  return data;
}
