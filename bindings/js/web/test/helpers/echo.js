// In a page: values through a converted model that returns what it is given.

import { Model, tensor, toNested, UnsupportedError } from "tf-stele/web";
import { dataOf, nestedOf } from "../../../test/helpers/values.js";

/**
 * @typedef {object} Echo
 * @property {string} dtype
 * @property {number[]} shape
 * @property {string | string[]} bytes in hexadecimal; of BYTES, for each element
 * @property {any} nested what the accessor gives
 * @property {any} again the same, of what was given as nested arrays
 */

/**
 * @param {string} url of a model that `identities.py` made
 * @param {Record<string, string>} row of values.tsv
 * @returns {Promise<Echo | string>} or why the runtime has none
 */
export async function echo(url, { dtype: name, shape, literals }) {
  const dtype = /** @type {import("tf-stele/web").DType} */ (name);
  const model = await Model.load(url);
  const run = async (/** @type {any} */ x) => (await model.run({ x }, { signature: dtype })).y;
  const dims = shape.split(",").map(Number);
  try {
    const y = await run(tensor(dtype, dims, dataOf(dtype, literals)));
    const again = toNested(await run(nestedOf(dtype, dims, literals)));
    const bytes = y.dtype === "BYTES" ? y.data.map(hex) : hex(y.data);
    return { dtype: y.dtype, shape: [...y.shape], bytes, nested: toNested(y), again };
  } catch (error) {
    if (error instanceof UnsupportedError) return error.message;
    throw error;
  } finally {
    await model.close();
  }
}

/** @param {ArrayBufferView} view */
function hex({ buffer, byteOffset, byteLength }) {
  return Array.from(new Uint8Array(buffer, byteOffset, byteLength), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
