// A connection to a server, which models share.

import { MODEL_LOAD, MODEL_UNLOAD } from "./methods.js";
import { Model } from "./model.js";
import { Rpc } from "./rpc.js";

/**
 * @typedef {import("./channel.js").ConnectionOptions} ConnectionOptions
 * @typedef {import("../errors.js").SteleError} SteleError
 * @typedef {import("../model.js").LoadOptions} LoadOptions
 * @typedef {import("../typing.js").ModelType} ModelType
 */

/** A connection to one server. {@link Connection.open} makes one. */
export class Connection {
  #rpc;

  /**
   * @private
   * @param {Rpc} rpc
   */
  constructor(rpc) {
    this.#rpc = rpc;
    /**
     * The server's `host:port`.
     *
     * @readonly
     */
    this.address = rpc.address;
  }

  /**
   * Prepares a connection, which is made when the first call needs it.
   *
   * @param {string} address `host:port`, alone or as a URL of http or https
   * @param {ConnectionOptions} [options]
   * @returns {Promise<Connection>}
   * @throws {SteleError} INVALID_ARGUMENT: the address or an option; FAILED_PRECONDITION:
   *   @grpc/grpc-js is not there
   */
  static async open(address, options = {}) {
    return new Connection(await Rpc.open(address, options));
  }

  /**
   * Asks the server for the signatures of one of its models.
   *
   * @template {ModelType} [T=ModelType]
   * @param {string} name
   * @param {{ version?: string }} [options] a certain version; the newest at each call unless given
   * @returns {Promise<Model<T>>} whose `close` leaves this connection open
   * @throws {SteleError} NOT_FOUND: no such model; UNAVAILABLE: no server
   */
  model(name, { version = "" } = {}) {
    return Model.on(this.#rpc, name, version);
  }

  /**
   * Has the server load a SavedModel folder of its own machine. A model of this name is replaced, and
   * stays if the new one cannot be loaded.
   *
   * @param {string} name what to call the model
   * @param {string} dir the SavedModel, as the server sees it
   * @param {Omit<LoadOptions, "library">} [options] as for a model in this process
   * @returns {Promise<void>}
   * @throws {SteleError} FAILED_PRECONDITION: the server was not started with
   *   `--model-control explicit`; else that of the load
   */
  async load(name, dir, { tags = ["serve"], profile, config } = {}) {
    const session = config === undefined ? (profile ?? "default") : `hex:${hex(config)}`;
    const parameters = Object.entries({ path: dir, tags: tags.join(","), config: session });
    await this.#rpc.call(MODEL_LOAD, {
      model_name: name,
      parameters: Object.fromEntries(
        parameters.map(([key, value]) => [key, { string_param: value }]),
      ),
    });
  }

  /**
   * Has the server forget a model.
   *
   * @param {string} name
   * @returns {Promise<void>}
   * @throws {SteleError} NOT_FOUND: no such model; else as {@link Connection.load}
   */
  async unload(name) {
    await this.#rpc.call(MODEL_UNLOAD, { model_name: name });
  }

  /**
   * Closes it when the calls under way have ended; new ones are refused from now on.
   *
   * @returns {Promise<void>}
   */
  close() {
    return this.#rpc.close();
  }

  /** Closes it at the end of a `using` block. */
  [Symbol.dispose]() {
    this.close();
  }

  /** Closes it at the end of an `await using` block. */
  [Symbol.asyncDispose]() {
    return this.close();
  }
}

/** @param {Uint8Array} bytes */
function hex({ buffer, byteOffset, byteLength }) {
  return Buffer.from(buffer, byteOffset, byteLength).toString("hex");
}
