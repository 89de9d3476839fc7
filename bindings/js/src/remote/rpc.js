// Calls to one server: a request in, a response or an error out.

import { Code, SteleError } from "../errors.js";
import { Lifetime } from "../lifetime.js";
import { hostAndPort } from "./address.js";
import { openChannel, proxyOf, requireSendable } from "./channel.js";

/**
 * @typedef {import("./channel.js").ConnectionOptions} ConnectionOptions
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

/** What connections and models call a server through. */
export class Rpc {
  #channel;
  #metadata;
  #options;
  #proxy;
  #lifetime;

  /**
   * @private
   * @param {import("./channel.js").Grpc} grpc
   * @param {string} address `host:port`
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
    this.#proxy = proxyOf(channel, address);
    this.#metadata = new grpc.Metadata();
    this.#options = options;
    this.#lifetime = new Lifetime("connection", () => channel.close());
  }

  /**
   * Prepares calls; the first one connects.
   *
   * @param {string} address `host:port`, alone or as a URL of http or https
   * @param {ConnectionOptions} options
   * @returns {Promise<Rpc>}
   * @throws {SteleError} INVALID_ARGUMENT: the address or an option; FAILED_PRECONDITION:
   *   @grpc/grpc-js is not there
   */
  static async open(address, options) {
    const server = hostAndPort(address, Boolean(options.tls));
    return new Rpc(await importGrpc(), server, options);
  }

  /**
   * Sends a request and waits for the response.
   *
   * @param {import("./methods.js").Method} method
   * @param {any} request
   * @param {CallOptions} [options]
   * @returns {Promise<any>}
   * @throws {SteleError} what the server answers; UNAVAILABLE: nobody does; DEADLINE_EXCEEDED: not in
   *   time; RESOURCE_EXHAUSTED: a message beyond the limit; INTERNAL: the answer is no response;
   *   FAILED_PRECONDITION: the connection is closed
   */
  async call(method, request, options = {}) {
    this.#lifetime.enter();
    try {
      const bytes = method.encode(request);
      requireSendable(bytes, this.#options);
      return this.decoded(await this.#send(method, bytes, options), method.decode);
    } finally {
      this.#lifetime.leave();
    }
  }

  /**
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
      throw new SteleError(
        "INTERNAL",
        `the answer of ${this.address} does not add up: ${message}`,
        { cause },
      );
    }
  }

  /**
   * Closes the channel when the calls under way have ended; new ones are refused from now on.
   *
   * @returns {Promise<void>}
   */
  close() {
    return this.#lifetime.close();
  }

  /**
   * @param {import("./methods.js").Method} method
   * @param {Buffer} bytes
   * @param {CallOptions} options
   * @returns {Promise<Buffer>}
   */
  #send({ path }, bytes, { deadline = this.#options.deadline, signal }) {
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
    const through = this.#proxy === undefined ? "" : ` through the proxy ${this.#proxy}`;
    const silence = `no answer from ${this.address}${through}`;
    let message = details;
    if (code === Code.UNAVAILABLE) message = `${silence}: ${details}`;
    if (code === Code.DEADLINE_EXCEEDED && deadline !== undefined) {
      message = `${silence} within ${deadline} ms`;
    }
    return new SteleError(code, message, { cause: error });
  }
}
