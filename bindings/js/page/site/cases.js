// The parity cases of a model, as `stele web` recorded them: inputs, and what
// TensorFlow in Python answered.

import { DTYPES } from "tf-stele/web";

/**
 * @typedef {import("tf-stele/web").Tensor} Tensor
 * @typedef {import("tf-stele/web").DType} DType
 */

/** @typedef {{ name: string, dtype: DType, shape: number[], bytes: number }} Stored a tensor */

/** @typedef {{ ulp: number | null, reason: string, link: string }} Known a distance that is listed */

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {string} signature
 * @property {Stored[]} inputs
 * @property {Stored[]} outputs
 * @property {string} file the bytes of all of them, in this order
 * @property {Record<string, Known>} known by format
 */

/**
 * @param {string} folder of the model
 * @param {Case} one
 * @returns {Promise<{ inputs: [string, Tensor][], expected: Record<string, Tensor> }>}
 */
export async function readCase(folder, { inputs, outputs, file }) {
  const answer = await fetch(`${folder}${file}`);
  if (!answer.ok) throw new Error(`${file}: ${answer.status} ${answer.statusText}`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  let at = 0;
  const next = (/** @type {Stored} */ stored) => {
    const piece = bytes.slice(at, at + stored.bytes);
    at += stored.bytes;
    return /** @type {[string, Tensor]} */ ([stored.name, decode(stored, piece)]);
  };
  return { inputs: inputs.map(next), expected: Object.fromEntries(outputs.map(next)) };
}

/**
 * @param {Stored} stored
 * @param {Uint8Array<ArrayBuffer>} bytes with a buffer of their own
 * @returns {Tensor}
 */
function decode({ dtype, shape }, bytes) {
  const { array: Elements } = DTYPES[dtype];
  const data =
    Elements === undefined ? unframe(bytes) : new /** @type {any} */ (Elements)(bytes.buffer);
  return /** @type {Tensor} */ ({ dtype, shape, data });
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes a length of four bytes before each element
 * @returns {Uint8Array[]}
 */
function unframe(bytes) {
  const view = new DataView(bytes.buffer);
  const elements = [];
  for (let at = 0; at < bytes.length; ) {
    const length = view.getUint32(at, true);
    elements.push(bytes.slice(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return elements;
}
