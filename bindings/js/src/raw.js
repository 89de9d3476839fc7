// A tensor's elements as bytes: row-major, little-endian like every machine that
// TensorFlow runs on; a BYTES element is its length as u32, then its bytes. Both
// the worker protocol's files and the Open Inference Protocol's raw contents.

import { DTYPES } from "./dtypes.js";
import { SteleError } from "./errors.js";
import { checkTensor } from "./tensor.js";

/**
 * @typedef {import("./dtypes.js").DType} DType
 * @typedef {import("./dtypes.js").TypedArray} TypedArray
 * @typedef {import("./tensor.js").Tensor} Tensor
 */

/**
 * @param {Tensor} tensor
 * @returns {Uint8Array} the same memory, unless the dtype is BYTES
 */
export function toRaw({ dtype, data }) {
  return dtype === "BYTES" ? frame(data) : asBytes(data);
}

/**
 * @param {string} what names the tensor in messages
 * @param {DType} dtype
 * @param {readonly number[]} shape
 * @param {Uint8Array} bytes
 * @returns {Tensor} that shares no memory with the bytes
 * @throws {SteleError} INVALID_ARGUMENT: the bytes are not as many as the shape needs, BYTES elements
 *   do not add up, a BOOL is neither 0 nor 1
 */
export function fromRaw(what, dtype, shape, bytes) {
  const { array, size, lanes } = DTYPES[dtype];
  if (array === undefined) return checkTensor(what, { dtype, shape, data: unframe(what, bytes) });
  if (bytes.length % size !== 0) {
    throw new SteleError(
      "INVALID_ARGUMENT",
      `${what}: ${bytes.length} bytes are no whole number of ${dtype} elements`,
    );
  }
  // A copy, for an array's elements must be aligned to their size.
  const data = new array((bytes.length / size) * lanes);
  asBytes(data).set(bytes);
  return checkTensor(what, { dtype, shape, data });
}

/**
 * @param {TypedArray} array
 * @returns {Uint8Array} the same memory
 */
export function asBytes({ buffer, byteOffset, byteLength }) {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/**
 * @param {Uint8Array[]} elements
 * @returns {Uint8Array}
 */
function frame(elements) {
  return Buffer.concat(
    elements.flatMap((element) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(element.length);
      return [length, element];
    }),
  );
}

/**
 * @param {string} what
 * @param {Uint8Array} bytes
 * @returns {Uint8Array[]} the elements of a BYTES tensor
 */
function unframe(what, bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const elements = [];
  let at = 0;
  while (at < bytes.length) {
    const end = at + 4 <= bytes.length ? at + 4 + view.getUint32(at, true) : Infinity;
    if (end > bytes.length) {
      throw new SteleError(
        "INVALID_ARGUMENT",
        `${what}: BYTES element ${elements.length} is cut short`,
      );
    }
    elements.push(new Uint8Array(bytes.subarray(at + 4, end))); // a Buffer's slice is no copy
    at = end;
  }
  return elements;
}
