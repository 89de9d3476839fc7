// A SavedModel as `stele convert` makes it, run by onnxruntime in Node.

import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { Unsupported } from "../protocol/loop.js";
import { checkInputs, requireSignature } from "../src/check.js";
import { openSession } from "../web/src/onnx-session.js";
import { UnsupportedError } from "../web/src/unsupported.js";

/**
 * @typedef {import("../src/signature.js").Signatures} Signatures
 * @typedef {import("../src/tensor.js").Tensor} Tensor
 * @typedef {import("../web/src/model.js").Session} Session
 */

const RUNTIME = { name: "onnxruntime-node", ort, provider: "cpu" };

/** A converted model; each signature is loaded when it is first needed. */
export class Model {
  #converted;
  #sessions = /** @type {Map<string, Session>} */ (new Map());

  /**
   * @param {Signatures} signatures of the SavedModel
   * @param {import("./convert.js").Converted} converted to ONNX
   */
  constructor(signatures, converted) {
    /** @readonly */
    this.signatures = signatures;
    this.#converted = converted;
  }

  /**
   * @param {import("../src/check.js").InputValues} inputs
   * @param {{ signature: string }} options
   * @returns {Promise<Record<string, Tensor>>}
   * @throws {import("../src/errors.js").SteleError} as a model of tf-stele
   * @throws {Unsupported} the signature has no counterpart in ONNX, the runtime no such kernel or
   *   value
   */
  async run(inputs, { signature }) {
    const specs = requireSignature(this.signatures, signature);
    const tensors = checkInputs(signature, specs.inputs, inputs);
    try {
      const session = this.#sessions.get(signature) ?? (await this.#open(signature));
      const outputs = await session.run(tensors);
      return Object.fromEntries(specs.outputs.map(({ name }, i) => [name, outputs[i]]));
    } catch (error) {
      throw error instanceof UnsupportedError ? new Unsupported(error.message) : error;
    }
  }

  async close() {
    for (const session of this.#sessions.values()) await session.close();
    this.#sessions.clear();
  }

  /**
   * @param {string} signature
   * @returns {Promise<Session>}
   */
  async #open(signature) {
    const { folder, signatures } = this.#converted;
    const entry = signatures[signature];
    if (entry.problem !== "") throw new Unsupported(entry.problem);
    const session = await openSession(RUNTIME, join(folder, entry.file), entry);
    this.#sessions.set(signature, session);
    return session;
  }
}
