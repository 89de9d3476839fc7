// Random tensors of every dtype: any bits, any small shape, empty ones too.

import fc from "fast-check";
import { DTYPES } from "tf-stele";

/**
 * @typedef {import("tf-stele").DType} DType
 * @typedef {import("tf-stele").Tensor} Tensor
 */

/** Shapes of rank 0 to 6 with at most 64 elements; a quarter of the dimensions are 0 or 1. */
const shapes = fc
  .array(fc.integer({ min: 0, max: 5 }), { maxLength: 6 })
  .filter((shape) => shape.reduce((product, dim) => product * dim, 1) <= 64);

/**
 * @param {DType} dtype
 * @returns {fc.Arbitrary<Tensor>} of any bits that the dtype can have, NaN payloads included
 */
export function tensors(dtype) {
  const { array, size, lanes } = DTYPES[dtype];
  return shapes.chain((shape) => {
    const count = shape.reduce((product, dim) => product * dim, 1);
    if (array === undefined) {
      // Short strings live inside TensorFlow's string, long ones do not.
      return fc
        .array(fc.uint8Array({ maxLength: 60 }), { minLength: count, maxLength: count })
        .map((data) => /** @type {Tensor} */ ({ dtype, shape, data }));
    }
    return fc
      .uint8Array({
        minLength: count * size,
        maxLength: count * size,
        max: dtype === "BOOL" ? 1 : 255,
      })
      .map((bytes) => {
        const data = new array(count * lanes);
        new Uint8Array(data.buffer).set(bytes);
        return /** @type {Tensor} */ ({ dtype, shape, data });
      });
  });
}

/**
 * @param {Tensor} tensor
 * @returns {object} equal for equal bits only: -0 is not 0, and NaNs have payloads
 */
export function bits({ dtype, shape, data }) {
  const elements =
    dtype === "BYTES"
      ? data.map((element) => Buffer.from(element).toString("hex"))
      : Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex");
  return { dtype, shape: [...shape], elements, array: data.constructor.name };
}
