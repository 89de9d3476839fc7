// Inputs that do not fit the signature of the zoo's digits, and how each must be
// refused: in this process and by the client of a server alike.

import { tensor } from "tf-stele/remote";

/**
 * @typedef {[inputs: any, error: [import("tf-stele").CodeName, ...string[]], signature?: string]} Row
 *   the error's code, and what its message must mention
 */

const pixels = new Float32Array(64);

/** One that fits. */
export const image = tensor("FP32", [1, 8, 8, 1], pixels);

/** @type {Record<string, Row>} */
export const REFUSED = {
  "no such signature": [{ image }, ["NOT_FOUND", '"nope"', '"serving_default"'], "nope"],
  "a signature that every object has": [{ image }, ["NOT_FOUND", '"toString"'], "toString"],
  "an input that the signature does not have": [
    { image, picture: image },
    ["INVALID_ARGUMENT", '"picture"', '"image"'],
  ],
  "an input missing": [{}, ["INVALID_ARGUMENT", '"image"', "missing"]],
  "the same input twice": [
    [
      ["image", image],
      ["image", image],
    ],
    ["INVALID_ARGUMENT", '"image"', "twice"],
  ],
  "wrong dtype": [
    { image: tensor("FP64", [1, 8, 8, 1], new Float64Array(64)) },
    ["INVALID_ARGUMENT", '"image"', "FP64", "FP32"],
  ],
  "too low a rank": [
    { image: tensor("FP32", [1, 8, 8], pixels) },
    ["INVALID_ARGUMENT", '"image"', "[1,8,8]", "[?,8,8,1]"],
  ],
  "too high a rank": [
    { image: tensor("FP32", [1, 8, 8, 1, 1], pixels) },
    ["INVALID_ARGUMENT", '"image"', "[1,8,8,1,1]", "[?,8,8,1]"],
  ],
  "a scalar": [
    { image: tensor("FP32", [], Float32Array.of(1)) },
    ["INVALID_ARGUMENT", '"image"', "[]", "[?,8,8,1]"],
  ],
  "a known dimension with another size": [
    { image: tensor("FP32", [1, 8, 4, 2], pixels) },
    ["INVALID_ARGUMENT", '"image"', "[1,8,4,2]", "[?,8,8,1]"],
  ],
  "a shape that does not fit its data": [
    { image: { dtype: "FP32", shape: [2, 8, 8, 1], data: pixels } },
    ["INVALID_ARGUMENT", '"image"', "128"],
  ],
  "a negative dimension": [
    { image: { dtype: "FP32", shape: [-1, 8, 8, 1], data: pixels } },
    ["INVALID_ARGUMENT", '"image"', "-1"],
  ],
  "dimensions beyond 2^63-1 elements": [
    { image: { dtype: "FP32", shape: [2 ** 52, 2 ** 52, 8, 1], data: pixels } },
    ["INVALID_ARGUMENT", '"image"', "2^63-1"],
  ],
  "an unknown dtype": [
    { image: { dtype: "float32", shape: [1, 8, 8, 1], data: pixels } },
    ["INVALID_ARGUMENT", '"image"', "float32"],
  ],
  "a typed array, which is one dimension": [
    { image: pixels },
    ["INVALID_ARGUMENT", '"image"', "[64]", "[?,8,8,1]"],
  ],
  "a typed array of another class": [
    { image: new Float64Array(64) },
    ["INVALID_ARGUMENT", '"image"', "Float64Array"],
  ],
  "ragged nested arrays": [{ image: [[[[1]], [[1], [2]]]] }, ["INVALID_ARGUMENT", '"image"']],
  "nested arrays of text": [{ image: [[["8"]]] }, ["INVALID_ARGUMENT", '"image"', '"8"']],
  "nothing in place of a tensor": [{ image: undefined }, ["INVALID_ARGUMENT", '"image"']],
  "null in place of a tensor": [{ image: null }, ["INVALID_ARGUMENT", '"image"']],
  "a function in place of a tensor": [{ image: () => image }, ["INVALID_ARGUMENT", '"image"']],
  "an object in place of a tensor": [{ image: {} }, ["INVALID_ARGUMENT", '"image"']],
  "inputs that are an array of tensors": [[image], ["INVALID_ARGUMENT", "inputs"]],
};
