// Shapes: dimensions that may be unknown, and how many elements they make.

import { SteleError } from "./errors.js";

/** TensorFlow's limit: it stores the rank in one byte and aborts the process beyond this. */
export const MAX_RANK = 254;

/**
 * A shape in a signature. `null` is unknown: one dimension, or the whole shape
 * and with it the rank.
 *
 * @typedef {readonly (number | null)[] | null} PartialShape
 */

/**
 * @param {PartialShape} shape
 * @returns {string} `[?,8,8,1]`; `[]` for a scalar; `?` when the rank is unknown
 */
export function formatShape(shape) {
  return shape === null ? "?" : `[${shape.map((dim) => dim ?? "?").join(",")}]`;
}

/**
 * How many elements a shape holds: 1 for a scalar, 0 as soon as one dimension is.
 *
 * TensorFlow multiplies dimensions from left to right and aborts when a product
 * overflows, even when a later dimension is 0. Hence the bound is on the product
 * of the dimensions that are not 0.
 *
 * @param {string} what names the tensor in the message
 * @param {readonly number[]} shape
 * @returns {number}
 * @throws {SteleError} INVALID_ARGUMENT: a dimension is no whole number of at least 0, there are
 *   too many of them, or they make more elements than 2^63-1
 */
export function elementCount(what, shape) {
  if (shape.length > MAX_RANK) {
    throw new SteleError(
      "INVALID_ARGUMENT",
      `${what} has rank ${shape.length}; TensorFlow's limit is ${MAX_RANK}`,
    );
  }
  let product = 1;
  let empty = false;
  for (const dim of shape) {
    if (!Number.isSafeInteger(dim) || dim < 0) {
      throw new SteleError(
        "INVALID_ARGUMENT",
        `${what} has dimension ${String(dim)} in its shape; dimensions are whole numbers from 0`,
      );
    }
    if (dim === 0) empty = true;
    else product *= dim;
  }
  if (product >= 2 ** 63) {
    throw new SteleError(
      "INVALID_ARGUMENT",
      `${what} has shape ${formatShape(shape)}, more than 2^63-1 elements`,
    );
  }
  return empty ? 0 : product;
}

/**
 * @param {readonly number[]} shape
 * @param {PartialShape} expected
 * @returns {boolean} whether the rank and every known dimension are the expected ones
 */
export function fits(shape, expected) {
  if (expected === null) return true;
  if (shape.length !== expected.length) return false;
  for (let i = 0; i < shape.length; i++) {
    if (expected[i] !== null && expected[i] !== shape[i]) return false;
  }
  return true;
}
