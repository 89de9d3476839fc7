// A converted model, loaded in a browser.

import { checkInputs, noSignature, requireDense } from "../../src/check.js";
import { SteleError } from "../../src/errors.js";
import { readManifest } from "./manifest.js";
import { UnsupportedError } from "./unsupported.js";

/**
 * @typedef {import("../../src/check.js").InputValues} InputValues
 * @typedef {import("../../src/signature.js").Signature} Signature
 * @typedef {import("../../src/signature.js").TensorSpec} TensorSpec
 * @typedef {import("../../src/tensor.js").Tensor} Tensor
 * @typedef {import("./manifest.js").Entry} Entry
 */

/**
 * One signature in a runtime.
 *
 * @typedef {object} Session
 * @property {(inputs: Tensor[]) => Promise<Tensor[]>} run in the order of the entry's tensors; one at
 *   a time
 * @property {() => unknown} close
 */

/**
 * @typedef {object} Runtime
 * @property {(folder: URL, entry: Entry, signature: string) => Promise<Session>} open
 */

/**
 * Each is imported when a model of its format is loaded.
 *
 * @type {Record<string, () => Promise<Runtime>>}
 */
const RUNTIMES = {
  onnx: () => import("./onnx.js"),
  tfjs: () => import("./tfjs.js"),
  litert: () => import("./litert.js"),
};

/** A model that `stele convert` wrote. {@link Model.load} makes one. */
export class Model {
  #folder;
  #runtime;
  #sessions = /** @type {Map<string, Promise<Session>>} */ (new Map());
  /** The end of the queue: runtimes have one stack, and so one run at a time. */
  #last = /** @type {Promise<unknown>} */ (Promise.resolve());
  #closed = false;

  /**
   * @private
   * @param {URL} folder
   * @param {import("./manifest.js").Manifest} manifest
   * @param {Runtime} runtime
   */
  constructor(folder, manifest, runtime) {
    this.#folder = folder;
    this.#runtime = runtime;
    /** @readonly What the conversion says of itself. */
    this.manifest = manifest;
    /**
     * The model's signatures: names, dtypes and shapes of their inputs and outputs.
     *
     * @readonly
     * @type {import("../../src/signature.js").Signatures}
     */
    this.signatures = Object.freeze(
      record(
        Object.entries(manifest.signatures).map(([name, entry]) => [name, asSignature(entry)]),
      ),
    );
  }

  /**
   * Loads a converted model.
   *
   * @param {string | URL} url of its folder
   * @returns {Promise<Model>}
   * @throws {SteleError} NOT_FOUND: there is none; UNAVAILABLE: its server does not answer;
   *   DATA_LOSS: its manifest is damaged; UNIMPLEMENTED: a format that has no runtime here
   */
  static async load(url) {
    const folder = new URL(`${url}`.replace(/\/*$/, "/"), document.baseURI);
    const manifest = await readManifest(folder);
    if (!Object.hasOwn(RUNTIMES, manifest.format)) {
      throw new UnsupportedError(`no runtime for the format "${manifest.format}"`);
    }
    return new Model(folder, manifest, await RUNTIMES[manifest.format]());
  }

  /**
   * Loads a signature into the runtime, so that its first run is as fast as the others.
   *
   * @param {string} [signature]
   * @throws {SteleError} as {@link Model.run}
   */
  async prepare(signature = "serving_default") {
    await this.#session(signature, this.#entry(signature));
  }

  /**
   * Runs a signature. Runs wait for each other.
   *
   * @param {InputValues} inputs by name; pairs of name and value do as well
   * @param {{ signature?: string }} [options] `serving_default` unless given
   * @returns {Promise<Record<string, Tensor>>} by name; copies, which are yours
   * @throws {SteleError} FAILED_PRECONDITION: the model is closed; NOT_FOUND: no such signature;
   *   INVALID_ARGUMENT: an input is missing, unknown, given twice, or has the wrong dtype or shape;
   *   UNIMPLEMENTED: an {@link UnsupportedError}, or a tensor is sparse, composite or of an unnamed
   *   dtype
   */
  async run(inputs, { signature = "serving_default" } = {}) {
    const entry = this.#entry(signature);
    const tensors = checkInputs(signature, entry.inputs, inputs);
    const session = await this.#session(signature, entry);
    const outputs = await this.#enqueue(() => session.run(tensors));
    return record(entry.outputs.map(({ name }, i) => [name, outputs[i]]));
  }

  /** Frees the model's memory after the runs that have begun; new ones are refused. */
  async close() {
    this.#closed = true;
    await this.#last;
    for (const session of this.#sessions.values()) {
      await session.then(
        (open) => open.close(),
        () => {}, // it never opened
      );
    }
    this.#sessions.clear();
  }

  /**
   * @param {string} signature
   * @returns {Entry}
   */
  #entry(signature) {
    if (this.#closed) throw new SteleError("FAILED_PRECONDITION", "model is closed");
    const { signatures } = this.manifest;
    if (!Object.hasOwn(signatures, signature)) {
      throw noSignature(signature, Object.keys(signatures));
    }
    const entry = signatures[signature];
    requireDense(signature, entry.inputs, entry.outputs);
    return entry;
  }

  /**
   * @param {string} signature
   * @param {Entry} entry
   * @returns {Promise<Session>}
   */
  #session(signature, entry) {
    if (entry.problem !== "") {
      throw new UnsupportedError(`signature "${signature}": ${entry.problem}`);
    }
    let session = this.#sessions.get(signature);
    if (session === undefined) {
      session = this.#runtime.open(this.#folder, entry, signature);
      this.#sessions.set(signature, session);
    }
    return session;
  }

  /**
   * @template T
   * @param {() => Promise<T>} run
   * @returns {Promise<T>}
   */
  #enqueue(run) {
    const done = this.#last.then(run);
    this.#last = done.catch(() => {});
    return done;
  }
}

/**
 * @param {Entry} entry
 * @returns {Signature}
 */
function asSignature({ inputs, outputs }) {
  const byName = (/** @type {TensorSpec[]} */ specs) =>
    Object.freeze(record(specs.map((spec) => [spec.name, Object.freeze(spec)])));
  return Object.freeze({ inputs: byName(inputs), outputs: byName(outputs) });
}

/**
 * @template T
 * @param {[string, T][]} entries
 * @returns {Record<string, T>} without a prototype: any name is a key like any other
 */
function record(entries) {
  const made = Object.create(null);
  for (const [name, value] of entries) made[name] = value;
  return made;
}
