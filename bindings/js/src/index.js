// tf-stele: run TensorFlow SavedModels in Node.js.

/**
 * @typedef {import("./check.js").InputValue} InputValue
 * @typedef {import("./check.js").InputValues} InputValues
 * @typedef {import("./config.js").Profile} Profile
 * @typedef {import("./dtypes.js").DataOf} DataOf
 * @typedef {import("./dtypes.js").DType} DType
 * @typedef {import("./errors.js").CodeName} CodeName
 * @typedef {import("./model.js").LoadOptions} LoadOptions
 * @typedef {import("./nested.js").Nested} Nested
 * @typedef {import("./shape.js").PartialShape} PartialShape
 * @typedef {import("./signature.js").Signature} Signature
 * @typedef {import("./signature.js").Signatures} Signatures
 * @typedef {import("./signature.js").TensorSpec} TensorSpec
 * @typedef {import("./dtypes.js").DTypeInfo} DTypeInfo
 * @typedef {import("./typing.js").ModelType} ModelType
 */

/**
 * @template {DType} [D=DType]
 * @template {readonly number[]} [S=readonly number[]]
 * @typedef {import("./tensor.js").Tensor<D, S>} Tensor
 */

import { loadLibrary } from "./library.js";

export { DTYPES } from "./dtypes.js";
export { Code, SteleError } from "./errors.js";
export {
  bfloat16FromNumbers,
  float16FromNumbers,
  numbersFromBfloat16,
  numbersFromFloat16,
} from "./float16.js";
export { Model } from "./model.js";
export { toNested } from "./nested.js";
export { formatShape } from "./shape.js";
export { tensor } from "./tensor.js";
export { bytesFromStrings, stringsFromBytes } from "./text.js";
export { toTypeScript } from "./typescript.js";

/**
 * The version of the TensorFlow library that models are run with.
 *
 * @param {{ library?: string }} [options] as for `Model.load`
 * @returns {Promise<string>} for example `2.21.0`
 * @throws {import("./errors.js").SteleError} FAILED_PRECONDITION: no libtensorflow
 */
export async function tensorflowVersion({ library } = {}) {
  return (await loadLibrary(library)).version();
}
