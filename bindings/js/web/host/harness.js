// The other end of remote.js: what it calls, in the page.

import { DTYPES, Model, SteleError, UnsupportedError } from "tf-stele/web";

/**
 * @typedef {import("tf-stele/web").Tensor} Tensor
 * @typedef {import("./remote.js").Packed} Packed
 */

/** @type {Map<number, Model>} */
const models = new Map();
let last = 0;

/** @typedef {{ id: number, inputs: Packed[], signature: string }} Request */

const calls = {
  async load(/** @type {{ url: string }} */ { url }) {
    models.set(++last, await Model.load(url));
    return last;
  },

  async run(/** @type {Request} */ { id, inputs, signature }) {
    return packAll(await find(id).run(inputs.map(unpack), { signature }));
  },

  async bench(
    /** @type {Request & { warmup: number, runs: number }} */
    { id, inputs, signature, warmup, runs },
  ) {
    const model = find(id);
    const tensors = inputs.map(unpack);
    for (let i = 0; i < warmup; i++) await model.run(tensors, { signature });
    const milliseconds = [];
    /** @type {Record<string, Tensor>} */
    let outputs = {};
    for (let i = 0; i < runs; i++) {
      const start = performance.now();
      outputs = await model.run(tensors, { signature });
      milliseconds.push(performance.now() - start);
    }
    return { outputs: packAll(outputs), milliseconds };
  },

  async close(/** @type {{ id: number }} */ { id }) {
    await find(id).close();
    models.delete(id);
  },
};

/**
 * @param {number} id
 * @returns {Model}
 */
function find(id) {
  const model = models.get(id);
  if (model === undefined) throw new SteleError("FAILED_PRECONDITION", `no model ${id}`);
  return model;
}

/**
 * @param {Packed} packed
 * @returns {[string, Tensor]}
 */
function unpack({ name, dtype, shape, data }) {
  if (Array.isArray(data)) return [name, tensorOf(dtype, shape, data.map(fromBase64))];
  const Elements = /** @type {any} */ (DTYPES[dtype].array);
  return [name, tensorOf(dtype, shape, new Elements(fromBase64(data).buffer))];
}

/**
 * @param {string} dtype
 * @param {readonly number[]} shape
 * @param {unknown} data
 */
function tensorOf(dtype, shape, data) {
  return /** @type {Tensor} */ ({ dtype, shape: [...shape], data });
}

/**
 * @param {Record<string, Tensor>} outputs
 * @returns {Packed[]}
 */
function packAll(outputs) {
  return Object.entries(outputs).map(([name, { dtype, shape, data }]) => {
    const packed = dtype === "BYTES" ? data.map(toBase64) : toBase64(data);
    return { name, dtype, shape, data: packed };
  });
}

/**
 * @param {string} text
 * @returns {Uint8Array}
 */
function fromBase64(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/**
 * @param {ArrayBufferView} view
 * @returns {string}
 */
function toBase64({ buffer, byteOffset, byteLength }) {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  let text = "";
  // In pieces: a call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 4096) {
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  }
  return btoa(text);
}

/** @type {any} */ (window).harness = {
  async call(/** @type {keyof typeof calls} */ name, /** @type {any} */ argument) {
    try {
      return { value: await calls[name](argument) };
    } catch (error) {
      const known = error instanceof SteleError ? error : undefined;
      return {
        codeName: known?.codeName ?? "INTERNAL",
        message: known?.message ?? String(error),
        unsupported: error instanceof UnsupportedError,
      };
    }
  },
};
