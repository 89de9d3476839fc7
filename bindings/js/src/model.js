// A loaded SavedModel.

import { resolve } from "node:path";
import { checkInputs, requireSignature } from "./check.js";
import { configBytes } from "./config.js";
import { Code, SteleError } from "./errors.js";
import { modelPath } from "./folder.js";
import { loadLibrary } from "./library.js";
import { Lifetime } from "./lifetime.js";
import { readSavedModel } from "./savedmodel.js";
import { Session } from "./session.js";
import { readSignatures } from "./signature.js";
import { requireNoNul } from "./text.js";

/**
 * @typedef {import("./check.js").InputValues} InputValues
 * @typedef {import("./signature.js").Signatures} Signatures
 * @typedef {import("./check.js").InputValue} InputValue
 * @typedef {import("./tensor.js").Tensor} Tensor
 * @typedef {import("./typing.js").ModelType} ModelType
 */

/**
 * @template {import("./typing.js").TensorTypes} T
 * @typedef {import("./typing.js").InputsOf<T>} InputsOf
 */

/**
 * @template {import("./typing.js").TensorTypes} T
 * @typedef {import("./typing.js").OutputsOf<T>} OutputsOf
 */

/**
 * @template {ModelType} T
 * @template {string} S
 * @typedef {import("./typing.js").SignatureOf<T, S>} SignatureOf
 */

/**
 * @typedef {object} LoadOptions
 * @property {readonly string[]} [tags] exactly the graph's tags; `["serve"]` unless given
 * @property {import("./config.js").Profile} [profile] a named session configuration
 * @property {Uint8Array} [config] a serialized ConfigProto, instead of a profile
 * @property {string} [library] libtensorflow: the file, or a folder with it
 */

/**
 * A signature, ready to run.
 *
 * @typedef {object} Prepared
 * @property {import("./signature.js").TensorSpec[]} inputs
 * @property {import("./signature.js").TensorSpec[]} outputs
 * @property {import("./session.js").Call} call
 */

/**
 * @template {ModelType} T
 * @template {string} S
 * @typedef {InputsOf<SignatureOf<T, S>["inputs"]> | Iterable<[string, InputValue]>} Inputs
 */

/**
 * @template {ModelType} T
 * @template {string} S
 * @typedef {OutputsOf<SignatureOf<T, S>["outputs"]>} Outputs
 */

/**
 * @template {ModelType} T
 * @template {string} S
 * @typedef {{ signature?: S | (keyof T & string) }} RunOptions `serving_default` unless given
 */

/**
 * A SavedModel, loaded and ready to run. {@link Model.load} makes one.
 *
 * @template {ModelType} [T=ModelType]
 */
export class Model {
  #session;
  #lifetime;
  /** @type {Map<string, Prepared>} */
  #prepared = new Map();

  /**
   * @private
   * @param {Session} session
   * @param {Signatures} signatures
   */
  constructor(session, signatures) {
    this.#session = session;
    this.#lifetime = new Lifetime("model", () => session.close());
    /**
     * The model's signatures: names, dtypes and shapes of their inputs and outputs.
     *
     * @readonly
     * @type {import("./typing.js").SignaturesOf<T>}
     */
    this.signatures = /** @type {any} */ (signatures);
  }

  /**
   * Loads a SavedModel, without blocking the event loop.
   *
   * @template {ModelType} [T=ModelType]
   * @param {string | URL} dir the folder with `saved_model.pb`; `file://` may stand before it
   * @param {LoadOptions} [options]
   * @returns {Promise<Model<T>>}
   * @throws {SteleError} NOT_FOUND: no SavedModel there, no such tags, a file missing, no
   *   libtensorflow; DATA_LOSS: a file is cut short or corrupt; INVALID_ARGUMENT: no such profile, no
   *   ConfigProto; UNIMPLEMENTED: a SavedModel in text form; FAILED_PRECONDITION: another TensorFlow
   *   is loaded
   */
  static async load(dir, { tags = ["serve"], profile, config, library } = {}) {
    const bytes = configBytes(profile, config);
    const path = modelPath(dir);
    // C takes what it gets for a string.
    if (!tags.every((tag) => typeof tag === "string")) {
      throw new SteleError("INVALID_ARGUMENT", "tags are no strings");
    }
    tags.forEach(requireNoNul);
    // The library loads on another thread meanwhile; what is wrong with the
    // model is said first, wherever the library is.
    const loading = loadLibrary(library);
    loading.catch(() => {});
    const defs = await readSavedModel(path, tags);
    const c = await loading;
    try {
      // Absolute, or TensorFlow would read `x://` at its start as another file system.
      const session = await Session.load(c, resolve(path), tags, bytes);
      return new Model(
        session,
        readSignatures(defs, (endpoint) => session.shapeOf(endpoint)),
      );
    } catch (error) {
      throw loadError(error);
    }
  }

  /**
   * Runs a signature in this thread, which it blocks meanwhile.
   *
   * @template {string} [S="serving_default"]
   * @param {Inputs<T, S>} inputs by name; pairs of name and value do as well. They are copied.
   * @param {RunOptions<T, S>} [options]
   * @returns {Outputs<T, S>} by name; copies, which are yours
   * @throws {SteleError} FAILED_PRECONDITION: the model is closed; NOT_FOUND: no such signature;
   *   UNIMPLEMENTED: it has a sparse, composite or unnamed-dtype tensor; INVALID_ARGUMENT: an input
   *   is missing, unknown, given twice, or has the wrong dtype or shape; else TensorFlow's
   */
  run(inputs, { signature } = {}) {
    const { prepared, tensors } = this.#begin(inputs, signature);
    try {
      return record(prepared.outputs, prepared.call.run(tensors));
    } finally {
      this.#lifetime.leave();
    }
  }

  /**
   * Runs a signature on a worker thread. Many runs may be in flight at once; the inputs are copied
   * before this returns.
   *
   * @template {string} [S="serving_default"]
   * @param {Inputs<T, S>} inputs as {@link Model.run}
   * @param {RunOptions<T, S>} [options]
   * @returns {Promise<Outputs<T, S>>} as {@link Model.run}; errors reject
   */
  async runAsync(inputs, { signature } = {}) {
    const { prepared, tensors } = this.#begin(inputs, signature);
    try {
      return record(prepared.outputs, await prepared.call.runAsync(tensors));
    } finally {
      this.#lifetime.leave();
    }
  }

  /**
   * Frees the model's memory. Runs in flight finish first; new ones are refused from now on.
   * Closing twice is no error.
   *
   * @returns {Promise<void>} fulfilled when the memory is free; without runs in flight it is free
   *   when this returns
   */
  close() {
    return this.#lifetime.close();
  }

  /** Closes the model at the end of a `using` block. */
  [Symbol.dispose]() {
    this.close();
  }

  /** Closes the model at the end of an `await using` block, and waits for its runs. */
  [Symbol.asyncDispose]() {
    return this.close();
  }

  /**
   * @param {InputValues} inputs
   * @param {string} [signature]
   * @returns {{ prepared: Prepared, tensors: Tensor[] }} for a use of the model, which the caller
   *   ends
   */
  #begin(inputs, signature = "serving_default") {
    this.#lifetime.requireOpen();
    const prepared = this.#prepare(signature);
    const tensors = checkInputs(signature, prepared.inputs, inputs);
    this.#lifetime.enter(); // only now: a getter among the inputs may have closed it
    return { prepared, tensors };
  }

  /**
   * @param {string} name
   * @returns {Prepared}
   */
  #prepare(name) {
    const known = this.#prepared.get(name);
    if (known !== undefined) return known;
    const { inputs, outputs } = requireSignature(/** @type {Signatures} */ (this.signatures), name);
    const prepared = { inputs, outputs, call: this.#session.prepare(inputs, outputs) };
    this.#prepared.set(name, prepared);
    return prepared;
  }
}

/**
 * @param {readonly import("./signature.js").TensorSpec[]} specs
 * @param {readonly Tensor[]} tensors in the same order
 * @returns {any} tensors by name, without a prototype: any name is a key like any other
 */
function record(specs, tensors) {
  const outputs = Object.create(null);
  for (let i = 0; i < specs.length; i++) outputs[specs[i].name] = tensors[i];
  return outputs;
}

/**
 * @param {unknown} error of TensorFlow's loader
 * @returns {unknown} the same, with its message; DATA_LOSS where a file of the variables is cut
 */
function loadError(error) {
  // "Read less bytes than requested": the reader of variables ran off the end of a file.
  return error instanceof SteleError && error.code === Code.OUT_OF_RANGE
    ? new SteleError("DATA_LOSS", error.message, { cause: error })
    : error;
}
