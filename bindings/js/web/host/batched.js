// A model for a runtime of fixed shapes: converted once for each batch size.

/**
 * @typedef {import("./remote.js").RemoteModel} RemoteModel
 * @typedef {import("../../src/signature.js").Signatures} Signatures
 * @typedef {import("../../src/tensor.js").Tensor} Tensor
 */

/** Runs each call on the model that was converted for its batch size. */
export class BatchedModel {
  #open;
  #models = /** @type {Map<number, RemoteModel>} */ (new Map());

  /**
   * @private
   * @param {(batch: number) => Promise<RemoteModel>} open
   * @param {Signatures} signatures
   */
  constructor(open, signatures) {
    this.#open = open;
    /** @readonly */
    this.signatures = signatures;
  }

  /**
   * @param {(batch: number) => Promise<RemoteModel>} open
   * @param {Signatures} signatures
   * @returns {Promise<BatchedModel>} with the model for one row
   */
  static async load(open, signatures) {
    const model = new BatchedModel(open, signatures);
    await model.#modelFor(1);
    return model;
  }

  /**
   * @param {[string, Tensor][]} inputs
   * @param {{ signature: string }} options
   */
  async run(inputs, options) {
    const model = await this.#modelFor(this.#batch(inputs, options.signature));
    return model.run(inputs, options);
  }

  /**
   * @param {[string, Tensor][]} inputs
   * @param {{ signature: string, warmup: number, runs: number }} options
   */
  async bench(inputs, options) {
    const model = await this.#modelFor(this.#batch(inputs, options.signature));
    return model.bench(inputs, options);
  }

  async close() {
    for (const model of this.#models.values()) await model.close();
    this.#models.clear();
  }

  /** @param {number} batch */
  async #modelFor(batch) {
    let model = this.#models.get(batch);
    if (model === undefined) {
      model = await this.#open(batch);
      this.#models.set(batch, model);
    }
    return model;
  }

  /**
   * What does not fit is left to the model for one row, which refuses it.
   *
   * @param {[string, Tensor][]} inputs
   * @param {string} signature
   * @returns {number} the first unknown leading dimension as it is given
   */
  #batch(inputs, signature) {
    const specs = this.signatures[signature]?.inputs ?? {};
    for (const [name, { shape }] of inputs) {
      const expected = specs[name]?.shape;
      if (expected?.[0] === null && expected.length === shape.length) return Math.max(1, shape[0]);
    }
    return 1;
  }
}
