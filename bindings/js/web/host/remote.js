// A model in a browser's page, called from this process.

import { Unsupported } from "../../protocol/loop.js";
import { DTYPES } from "../../src/dtypes.js";
import { SteleError } from "../../src/errors.js";

/**
 * @typedef {import("playwright-core").Page} Page
 * @typedef {import("../../src/tensor.js").Tensor} Tensor
 */

/**
 * A tensor on its way: bytes in base64, one piece for each element of a BYTES tensor.
 *
 * @typedef {{ name: string, dtype: import("../../src/dtypes.js").DType, shape: readonly number[],
 *   data: string | string[] }} Packed
 */

/**
 * What the page answers: a value, or what it threw.
 *
 * @template T
 * @typedef {{ value: T } | { codeName: import("../../src/errors.js").CodeName, message: string,
 *   unsupported: boolean }} Outcome
 */

/** Calls the functions of `harness.js` in a page. */
export class RemoteModel {
  #page;
  #id;

  /**
   * @private
   * @param {Page} page
   * @param {number} id in the page
   * @param {import("../../src/signature.js").Signatures} signatures
   */
  constructor(page, id, signatures) {
    this.#page = page;
    this.#id = id;
    /** @readonly */
    this.signatures = signatures;
  }

  /**
   * @param {Page} page with `harness.html`
   * @param {string} url of the converted model
   * @param {import("../../src/signature.js").Signatures} signatures of the SavedModel
   * @returns {Promise<RemoteModel>}
   */
  static async load(page, url, signatures) {
    return new RemoteModel(page, await call(page, "load", { url }), signatures);
  }

  /**
   * @param {[string, Tensor][]} inputs
   * @param {{ signature: string }} options
   * @returns {Promise<Record<string, Tensor>>}
   */
  async run(inputs, { signature }) {
    const request = { id: this.#id, inputs: inputs.map(pack), signature };
    return unpackAll(await call(this.#page, "run", request));
  }

  /**
   * Times runs inside the page: what a caller there waits for.
   *
   * @param {[string, Tensor][]} inputs
   * @param {{ signature: string, warmup: number, runs: number }} options
   * @returns {Promise<{ outputs: Record<string, Tensor>, durations: BigUint64Array }>} nanoseconds
   */
  async bench(inputs, options) {
    const request = { id: this.#id, inputs: inputs.map(pack), ...options };
    const { outputs, milliseconds } = await call(this.#page, "bench", request);
    const durations = BigUint64Array.from(milliseconds, (/** @type {number} */ time) =>
      BigInt(Math.round(time * 1e6)),
    );
    return { outputs: unpackAll(outputs), durations };
  }

  async close() {
    await call(this.#page, "close", { id: this.#id });
  }
}

/**
 * @param {Page} page
 * @param {string} name
 * @param {unknown} argument
 * @returns {Promise<any>}
 * @throws {SteleError} what the page threw
 * @throws {Unsupported} likewise
 */
async function call(page, name, argument) {
  const outcome = /** @type {Outcome<unknown>} */ (
    await page.evaluate(
      ([called, given]) => /** @type {any} */ (window).harness.call(called, given),
      /** @type {const} */ ([name, argument]),
    )
  );
  if ("value" in outcome) return outcome.value;
  if (outcome.unsupported) throw new Unsupported(outcome.message);
  throw new SteleError(outcome.codeName, outcome.message);
}

/**
 * @param {[string, Tensor]} input
 * @returns {Packed}
 */
function pack([name, { dtype, shape, data }]) {
  const packed = dtype === "BYTES" ? data.map(base64) : base64(data);
  return { name, dtype, shape, data: packed };
}

/**
 * @param {Packed[]} outputs
 * @returns {Record<string, Tensor>}
 */
function unpackAll(outputs) {
  return Object.fromEntries(outputs.map((output) => [output.name, unpack(output)]));
}

/**
 * @param {Packed} packed
 * @returns {Tensor}
 */
function unpack({ dtype, shape, data }) {
  if (Array.isArray(data)) {
    const elements = data.map((element) => Uint8Array.from(Buffer.from(element, "base64")));
    return /** @type {Tensor} */ ({ dtype, shape, data: elements });
  }
  const bytes = Uint8Array.from(Buffer.from(data, "base64"));
  const Elements = /** @type {any} */ (DTYPES[dtype].array);
  return /** @type {Tensor} */ ({ dtype, shape, data: new Elements(bytes.buffer) });
}

/**
 * @param {ArrayBufferView} view
 * @returns {string}
 */
function base64({ buffer, byteOffset, byteLength }) {
  return Buffer.from(/** @type {ArrayBuffer} */ (buffer), byteOffset, byteLength).toString(
    "base64",
  );
}
