// A model on a server.

import { checkGivenInputs, checkTensors, requireSignature } from "../check.js";
import { Lifetime } from "../lifetime.js";
import { MODEL_INFER } from "./methods.js";
import { readOutputs, writeInputs } from "./oip.js";
import { Rpc } from "./rpc.js";
import { fetchSignatures } from "./signatures.js";

/**
 * @typedef {import("./channel.js").ConnectionOptions} ConnectionOptions
 * @typedef {import("./rpc.js").CallOptions} CallOptions
 * @typedef {import("../errors.js").SteleError} SteleError
 * @typedef {import("../signature.js").Signatures} Signatures
 * @typedef {import("../tensor.js").Tensor} Tensor
 * @typedef {import("../typing.js").ModelType} ModelType
 */

/** @typedef {ConnectionOptions & { version?: string }} ConnectOptions the newest version unless given */

/**
 * @template {ModelType} T
 * @template {string} S
 * @typedef {import("../model.js").Inputs<T, S>} Inputs
 */

/**
 * @template {ModelType} T
 * @template {string} S
 * @typedef {import("../model.js").Outputs<T, S>} Outputs
 */

/**
 * @template {ModelType} T
 * @template {string} S
 * @typedef {import("../model.js").RunOptions<T, S> & CallOptions} RunOptions
 */

const DEFAULT_SIGNATURE = "serving_default";

/**
 * A model on a server: `stele serve`, or any other that speaks the Open Inference Protocol over gRPC.
 * {@link Model.connect} makes one.
 *
 * @template {ModelType} [T=ModelType]
 */
export class Model {
  #rpc;
  #signatures;
  #lifetime;

  /**
   * @private
   * @param {Rpc} rpc
   * @param {string} name
   * @param {string} version
   * @param {Signatures | undefined} signatures
   * @param {boolean} owns whether the connection closes with the model
   */
  constructor(rpc, name, version, signatures, owns) {
    this.#rpc = rpc;
    this.#signatures = signatures;
    this.#lifetime = new Lifetime("model", () => {
      if (owns) rpc.close();
    });
    /**
     * The model's name on the server.
     *
     * @readonly
     */
    this.name = name;
    /**
     * The version asked for; empty for the newest at each call.
     *
     * @readonly
     */
    this.version = version;
    /**
     * The model's signatures: names, dtypes and shapes of their inputs and outputs. Empty when the
     * server does not say what its model takes; it alone checks inputs then.
     *
     * @readonly
     * @type {import("../typing.js").SignaturesOf<T>}
     */
    this.signatures = /** @type {any} */ (signatures ?? Object.freeze({}));
  }

  /**
   * Connects to a server and asks for a model's signatures.
   *
   * @template {ModelType} [T=ModelType]
   * @param {string} address the server's `host:port`, alone or as a URL of http or https
   * @param {string} name the model's
   * @param {ConnectOptions} [options]
   * @returns {Promise<Model<T>>}
   * @throws {SteleError} UNAVAILABLE: no server answers; NOT_FOUND: it has no such model;
   *   INVALID_ARGUMENT: the address or an option; FAILED_PRECONDITION: @grpc/grpc-js is not there
   */
  static async connect(address, name, { version = "", ...options } = {}) {
    const rpc = await Rpc.open(address, options);
    try {
      return await Model.on(rpc, name, version, true);
    } catch (error) {
      rpc.close();
      throw error;
    }
  }

  /**
   * @internal
   * @template {ModelType} [T=ModelType]
   * @param {Rpc} rpc
   * @param {string} name
   * @param {string} version
   * @param {boolean} [owns] whether the connection closes with the model
   * @returns {Promise<Model<T>>}
   */
  static async on(rpc, name, version, owns = false) {
    const signatures = await fetchSignatures(rpc, name, version);
    return new Model(rpc, name, version, signatures, owns);
  }

  /**
   * Runs a signature. Inputs are checked here first, as those of a model in this process; the server
   * checks again.
   *
   * @template {string} [S="serving_default"]
   * @param {Inputs<T, S>} inputs by name; pairs of name and value do as well. They are copied before
   *   this returns.
   * @param {RunOptions<T, S>} [options]
   * @returns {Promise<Outputs<T, S>>} by name; they are yours
   * @throws {SteleError} as a model in this process; UNAVAILABLE: no server answers;
   *   DEADLINE_EXCEEDED: not in time; CANCELLED: by the signal; RESOURCE_EXHAUSTED: a message is too
   *   large, or the server has too much to do
   */
  async run(inputs, { signature = DEFAULT_SIGNATURE, ...options } = {}) {
    this.#lifetime.requireOpen();
    const request = {
      model_name: this.name,
      model_version: this.version,
      // Other servers ignore the parameter; only a choice is worth its bytes.
      parameters:
        signature === DEFAULT_SIGNATURE ? {} : { signature_name: { string_param: signature } },
      ...writeInputs(this.#check(inputs, signature)),
    };
    this.#lifetime.enter(); // only now: a getter among the inputs may have closed it
    try {
      const response = await this.#rpc.call(MODEL_INFER, request, options);
      return /** @type {any} */ (this.#rpc.decoded(response, readOutputs));
    } finally {
      this.#lifetime.leave();
    }
  }

  /**
   * The same as {@link Model.run}: a program may have a model of either kind.
   *
   * @template {string} [S="serving_default"]
   * @param {Inputs<T, S>} inputs
   * @param {RunOptions<T, S>} [options]
   * @returns {Promise<Outputs<T, S>>}
   */
  runAsync(inputs, options) {
    return this.run(inputs, options);
  }

  /**
   * Lets go of the model, and of the connection that {@link Model.connect} made. Runs in flight finish
   * first; new ones are refused from now on. The server keeps the model.
   *
   * @returns {Promise<void>}
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
   * @param {import("../check.js").InputValues} inputs
   * @param {string} signature
   * @returns {[string, Tensor][]}
   */
  #check(inputs, signature) {
    if (this.#signatures === undefined) return checkTensors(inputs);
    const specs = requireSignature(this.#signatures, signature).inputs;
    // The server has the defaults of the version that it runs.
    return checkGivenInputs(signature, specs, inputs);
  }
}
