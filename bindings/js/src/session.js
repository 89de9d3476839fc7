// A loaded graph and prepared calls on it. What is allocated here belongs to the
// Session, which must outlive every run.

import { SteleError } from "./errors.js";
import { addressOf, allocateEndpoints, callAsync, freeEndpoints } from "./ffi.js";
import { newInput, readOutput } from "./native-tensor.js";

/**
 * @typedef {import("./ffi.js").C} C
 * @typedef {import("./ffi.js").Endpoint} Endpoint
 * @typedef {import("./ffi.js").Pointer} Pointer
 * @typedef {import("./signature.js").TensorSpec} TensorSpec
 * @typedef {import("./tensor.js").Tensor} Tensor
 */

/**
 * @param {C} c
 * @param {Pointer} status
 * @throws {SteleError} unless the status is OK
 */
function check(c, status) {
  const code = c.getCode(status);
  if (code !== 0) throw new SteleError(code, c.message(status));
}

/** Of an output: it is fetched, and not the input at some position. */
const FETCHED = -1;

/** A graph with its variables loaded. */
export class Session {
  #c;
  #graph;
  #native;
  /** @type {Call[]} */
  #calls = [];

  /**
   * @private
   * @param {C} c
   * @param {Pointer} graph owned from now on
   * @param {Pointer} native a TF_Session, owned from now on
   */
  constructor(c, graph, native) {
    this.#c = c;
    this.#graph = graph;
    this.#native = native;
  }

  /**
   * Loads a SavedModel on a worker thread.
   *
   * @param {C} c
   * @param {string} dir absolute
   * @param {readonly string[]} tags
   * @param {Uint8Array} config a serialized ConfigProto
   * @returns {Promise<Session>}
   * @throws {SteleError} TensorFlow's code and message; INVALID_ARGUMENT: no ConfigProto
   */
  static async load(c, dir, tags, config) {
    const status = c.newStatus();
    const options = c.newSessionOptions();
    const graph = c.newGraph();
    try {
      c.setConfig(options, config, config.length, status);
      check(c, status);
      const args = [options, null, dir, tags, tags.length, graph, null, status];
      const native = await callAsync(c.loadSession, ...args);
      check(c, status);
      return new Session(c, graph, native);
    } catch (error) {
      c.deleteGraph(graph);
      throw error;
    } finally {
      c.deleteSessionOptions(options);
      c.deleteStatus(status);
    }
  }

  /**
   * Resolves the tensors of a signature, once for many runs.
   *
   * @param {readonly TensorSpec[]} inputs
   * @param {readonly TensorSpec[]} outputs
   * @returns {Call}
   * @throws {SteleError} INVALID_ARGUMENT: the graph has no such tensor
   */
  prepare(inputs, outputs) {
    // TensorFlow refuses to fetch the very tensor that it is fed.
    const sources = outputs.map(({ endpoint }) =>
      inputs.findIndex((input) => input.endpoint === endpoint),
    );
    const fetched = outputs.filter((_, i) => sources[i] === FETCHED);
    const call = new Call(
      this.#c,
      this.#native,
      inputs.map((spec) => this.#endpoint(spec)),
      fetched.map((spec) => this.#endpoint(spec)),
      sources,
    );
    this.#calls.push(call);
    return call;
  }

  /**
   * @param {string} endpoint
   * @returns {import("./shape.js").PartialShape} of the graph's tensor; null also when there is none
   */
  shapeOf(endpoint) {
    const output = this.#find(endpoint);
    if (output === undefined) return null;
    const status = this.#c.newStatus();
    try {
      const rank = this.#c.tensorRank(this.#graph, output, status);
      if (this.#c.getCode(status) !== 0 || rank < 0) return null;
      const dims = new BigInt64Array(rank + 1); // one more: an empty array has no address
      this.#c.tensorShape(this.#graph, output, dims, rank, status);
      check(this.#c, status);
      return Array.from(dims.subarray(0, rank), (dim) => (dim < 0n ? null : Number(dim)));
    } finally {
      this.#c.deleteStatus(status);
    }
  }

  /**
   * @param {string} endpoint
   * @returns {Endpoint | undefined} undefined when the graph has no such op, or that no such output
   */
  #find(endpoint) {
    const [, op, index] = /** @type {string[]} */ (/^(.*?)(?::(\d+))?$/s.exec(endpoint));
    const operation = op === "" ? null : this.#c.operationByName(this.#graph, op);
    if (operation === null) return undefined;
    const output = { operation, index: Number(index ?? 0) };
    return output.index < this.#c.numOutputs(operation) ? output : undefined;
  }

  /**
   * @param {TensorSpec} spec
   * @returns {Endpoint}
   */
  #endpoint({ name, endpoint }) {
    const output = this.#find(endpoint);
    if (output === undefined) {
      throw new SteleError(
        "INVALID_ARGUMENT",
        `tensor "${name}" is "${endpoint}" in the signature, and the graph has no such tensor`,
      );
    }
    return output;
  }

  /** Frees everything. No run may be in flight. */
  close() {
    for (const call of this.#calls) call.close();
    const status = this.#c.newStatus();
    // Both report trouble only of sessions on other machines.
    this.#c.closeSession(this.#native, status);
    this.#c.deleteSession(this.#native, status);
    this.#c.deleteStatus(status);
    this.#c.deleteGraph(this.#graph);
  }
}

/**
 * What one run needs of its own: a status, and the arrays of TF_Tensor pointers
 * through which TensorFlow takes and returns tensors. A run takes an idle frame
 * and puts it back, so that there are as many as runs were ever in flight at
 * once. Arrays of JavaScript can be read and written without a call into C.
 *
 * @typedef {object} Frame
 * @property {Pointer} status
 * @property {BigUint64Array} inputs
 * @property {BigUint64Array} outputs
 * @property {number} fed how many of the inputs are there
 * @property {unknown[]} args of TF_SessionRun
 */

/**
 * @param {Tensor} tensor
 * @returns {Tensor} that shares nothing with it
 */
function copyOf({ dtype, shape, data }) {
  const copy = Array.isArray(data) ? data.map((bytes) => bytes.slice()) : data.slice();
  return /** @type {Tensor} */ ({ dtype, shape: [...shape], data: copy });
}

/** A signature ready to run. */
export class Call {
  #c;
  #session;
  #inputs;
  #outputs;
  #sources;
  /** @type {Frame[]} */
  #idle = [];

  /**
   * @param {C} c
   * @param {Pointer} session
   * @param {Endpoint[]} inputs
   * @param {Endpoint[]} outputs to fetch
   * @param {number[]} sources of each output: {@link FETCHED}, or the position of an input
   */
  constructor(c, session, inputs, outputs, sources) {
    this.#c = c;
    this.#session = session;
    this.#sources = sources;
    this.#inputs = { count: inputs.length, endpoints: allocateEndpoints(inputs) };
    this.#outputs = { count: outputs.length, endpoints: allocateEndpoints(outputs) };
  }

  /**
   * Runs in this thread.
   *
   * @param {readonly Tensor[]} tensors the inputs, checked
   * @returns {Tensor[]} the outputs
   * @throws {SteleError} TensorFlow's code and message
   */
  run(tensors) {
    const passed = this.#passThrough(tensors);
    if (this.#outputs.count === 0) return this.#assemble(passed, []);
    const frame = this.#begin(tensors);
    try {
      this.#c.sessionRun(...frame.args);
      return this.#assemble(passed, this.#readOutputs(frame));
    } finally {
      this.#end(frame);
    }
  }

  /**
   * Runs on a worker thread. The inputs are copied before this returns.
   *
   * @param {readonly Tensor[]} tensors the inputs, checked
   * @returns {Promise<Tensor[]>} the outputs
   * @throws {SteleError} TensorFlow's code and message
   */
  async runAsync(tensors) {
    const passed = this.#passThrough(tensors);
    if (this.#outputs.count === 0) return this.#assemble(passed, []);
    const frame = this.#begin(tensors);
    try {
      await callAsync(this.#c.sessionRun, ...frame.args);
      return this.#assemble(passed, this.#readOutputs(frame));
    } finally {
      this.#end(frame);
    }
  }

  /** Frees everything. No run may be in flight. */
  close() {
    for (const { status } of this.#idle) this.#c.deleteStatus(status);
    freeEndpoints(this.#inputs.endpoints);
    freeEndpoints(this.#outputs.endpoints);
  }

  /**
   * @param {readonly Tensor[]} tensors the inputs
   * @returns {Tensor[]} copies of those that are outputs too, in the order of the outputs
   */
  #passThrough(tensors) {
    return this.#sources.filter((source) => source !== FETCHED).map((i) => copyOf(tensors[i]));
  }

  /**
   * @param {Tensor[]} passed
   * @param {Tensor[]} fetched
   * @returns {Tensor[]} the outputs, in the order of the signature
   */
  #assemble(passed, fetched) {
    if (passed.length === 0) return fetched;
    const rest = { passed: passed.values(), fetched: fetched.values() };
    return this.#sources.map((source) => {
      const next = (source === FETCHED ? rest.fetched : rest.passed).next();
      return /** @type {Tensor} */ (next.value);
    });
  }

  /**
   * @param {readonly Tensor[]} tensors
   * @returns {Frame} with the inputs in place, for {@link #end}
   */
  #begin(tensors) {
    const frame = this.#idle.pop() ?? this.#newFrame();
    try {
      for (; frame.fed < tensors.length; frame.fed++) {
        frame.inputs[frame.fed] = newInput(this.#c, tensors[frame.fed]);
      }
    } catch (error) {
      this.#end(frame);
      throw error;
    }
    return frame;
  }

  /** @returns {Frame} */
  #newFrame() {
    const status = this.#c.newStatus();
    // One more than needed: an empty array has no address.
    const inputs = new BigUint64Array(this.#inputs.count + 1);
    const outputs = new BigUint64Array(this.#outputs.count + 1);
    const args = [
      ...[this.#session, null],
      ...[this.#inputs.endpoints, addressOf(inputs), this.#inputs.count],
      ...[this.#outputs.endpoints, addressOf(outputs), this.#outputs.count],
      ...[null, 0, null, status],
    ];
    return { status, inputs, outputs, fed: 0, args };
  }

  /**
   * @param {Frame} frame after a run
   * @returns {Tensor[]}
   */
  #readOutputs({ status, outputs }) {
    check(this.#c, status); // after an error there are no outputs
    /** @type {Tensor[]} */
    const tensors = [];
    try {
      while (tensors.length < this.#outputs.count) {
        tensors.push(readOutput(this.#c, outputs[tensors.length]));
      }
    } finally {
      for (let i = 0; i < this.#outputs.count; i++) this.#c.deleteTensor(outputs[i]);
    }
    return tensors;
  }

  /** @param {Frame} frame */
  #end(frame) {
    for (; frame.fed > 0; frame.fed--) this.#c.deleteTensor(frame.inputs[frame.fed - 1]);
    this.#idle.push(frame);
  }
}
