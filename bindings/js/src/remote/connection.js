// A connection to a server, which models share.

import { Code, SteleError } from "../errors.js";
import { Lifetime } from "../lifetime.js";
import { openChannel } from "./channel.js";
import { MODEL_LOAD, MODEL_UNLOAD } from "./methods.js";
import { Model } from "./model.js";

/**
 * @typedef {import("./channel.js").ConnectionOptions} ConnectionOptions
 * @typedef {import("../model.js").LoadOptions} LoadOptions
 * @typedef {import("../typing.js").ModelType} ModelType
 */

/**
 * @typedef {object} CallOptions
 * @property {number} [deadline] milliseconds for this call; those of the connection unless given
 * @property {AbortSignal} [signal] cancels it
 */

/** @returns {Promise<import("./channel.js").Grpc>} */
async function importGrpc() {
  try {
    const { default: grpc } = await import("@grpc/grpc-js");
    return grpc;
  } catch (cause) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (cause);
    if (code !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw new SteleError(
      "FAILED_PRECONDITION",
      "a remote model needs @grpc/grpc-js: npm install @grpc/grpc-js",
      { cause },
    );
  }
}

/** A connection to one server. {@link Connection.open} makes one. */
export class Connection {
  #channel;
  #metadata;
  #deadline;
  #lifetime;

  /**
   * @private
   * @param {import("./channel.js").Grpc} grpc
   * @param {string} address
   * @param {ConnectionOptions} options
   */
  constructor(grpc, address, options) {
    /**
     * The server's `host:port`.
     *
     * @readonly
     */
    this.address = address;
    const channel = openChannel(grpc, address, options);
    this.#channel = channel;
    this.#metadata = new grpc.Metadata();
    this.#deadline = options.deadline;
    this.#lifetime = new Lifetime("connection", () => channel.close());
  }

  /**
   * Prepares a connection, which is made when the first call needs it.
   *
   * @param {string} address `host:port`
   * @param {ConnectionOptions} [options]
   * @returns {Promise<Connection>}
   * @throws {SteleError} INVALID_ARGUMENT: an option; FAILED_PRECONDITION: @grpc/grpc-js is not there
   */
  static async open(address, options = {}) {
    return new Connection(await importGrpc(), address, options);
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
    return Model.on(this, name, version);
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
    const told = config === undefined ? (profile ?? "default") : `hex:${hex(config)}`;
    const parameters = Object.entries({ path: dir, tags: tags.join(","), config: told });
    await this.call(MODEL_LOAD, {
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
    await this.call(MODEL_UNLOAD, { model_name: name });
  }

  /**
   * Sends a request and waits for the response.
   *
   * @internal
   * @param {import("./methods.js").Method} method
   * @param {any} request
   * @param {CallOptions} [options]
   * @returns {Promise<any>}
   * @throws {SteleError} what the server answers; UNAVAILABLE: nobody does; DEADLINE_EXCEEDED: not in
   *   time; INTERNAL: the answer is no response; FAILED_PRECONDITION: the connection is closed
   */
  async call(method, request, options = {}) {
    this.#lifetime.enter();
    try {
      return this.decoded(await this.#send(method, method.encode(request), options), method.decode);
    } finally {
      this.#lifetime.leave();
    }
  }

  /**
   * @internal
   * @template A, B
   * @param {A} answer of the server
   * @param {(answer: A) => B} decode
   * @returns {B}
   * @throws {SteleError} INTERNAL: the answer does not add up, which is not the caller's fault
   */
  decoded(answer, decode) {
    try {
      return decode(answer);
    } catch (cause) {
      const { message } = /** @type {Error} */ (cause);
      const told = `the answer of ${this.address} does not add up: ${message}`;
      throw new SteleError("INTERNAL", told, { cause });
    }
  }

  /**
   * Closes it when the calls under way have ended; new ones are refused from now on.
   *
   * @returns {Promise<void>}
   */
  close() {
    return this.#lifetime.close();
  }

  /** Closes it at the end of a `using` block. */
  [Symbol.dispose]() {
    this.close();
  }

  /** Closes it at the end of an `await using` block. */
  [Symbol.asyncDispose]() {
    return this.close();
  }

  /**
   * @param {import("./methods.js").Method} method
   * @param {Buffer} bytes
   * @param {CallOptions} options
   * @returns {Promise<Buffer>}
   */
  #send({ path }, bytes, { deadline = this.#deadline, signal }) {
    const same = (/** @type {Buffer} */ buffer) => buffer;
    return new Promise((resolve, reject) => {
      const cancel = () => call.cancel();
      const call = this.#channel.makeUnaryRequest(
        ...[path, same, same, bytes, this.#metadata],
        deadline === undefined ? {} : { deadline: Date.now() + deadline },
        (error, response) => {
          signal?.removeEventListener("abort", cancel);
          if (error) reject(this.#asError(error, deadline));
          else resolve(/** @type {Buffer} */ (response));
        },
      );
      signal?.addEventListener("abort", cancel);
      if (signal?.aborted) cancel();
    });
  }

  /**
   * Keeps a server's code and words; says in ours that there was no answer.
   *
   * @param {import("@grpc/grpc-js").ServiceError} error
   * @param {number} [deadline]
   * @returns {SteleError}
   */
  #asError(error, deadline) {
    const { code, details } = error;
    let message = details;
    if (code === Code.UNAVAILABLE) message = `no answer from ${this.address}: ${details}`;
    if (code === Code.DEADLINE_EXCEEDED && deadline !== undefined) {
      message = `no answer from ${this.address} within ${deadline} ms`;
    }
    return new SteleError(code, message, { cause: error });
  }
}

/** @param {Uint8Array} bytes */
function hex({ buffer, byteOffset, byteLength }) {
  return Buffer.from(buffer, byteOffset, byteLength).toString("hex");
}
