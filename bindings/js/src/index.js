// tf-stele: run TensorFlow SavedModels in Node.js.

/** @typedef {import("./model.js").LoadOptions} LoadOptions */

import { loadLibrary } from "./library.js";

export { Model } from "./model.js";
export * from "./shared.js";

/**
 * The version of the TensorFlow library that models are run with.
 *
 * @param {{ library?: string }} [options] as for `Model.load`
 * @returns {Promise<string>} for example `2.21.0`
 * @throws {import("./errors.js").SteleError} NOT_FOUND: no libtensorflow
 */
export async function tensorflowVersion({ library } = {}) {
  return (await loadLibrary(library)).version();
}
