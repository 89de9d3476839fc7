// What models in this process and models on a server have in common: tensors,
// errors, types. None of it needs TensorFlow.

/**
 * @typedef {import("./check.js").InputValue} InputValue
 * @typedef {import("./check.js").InputValues} InputValues
 * @typedef {import("./config.js").Profile} Profile
 * @typedef {import("./dtypes.js").DataOf} DataOf
 * @typedef {import("./dtypes.js").DType} DType
 * @typedef {import("./dtypes.js").DTypeInfo} DTypeInfo
 * @typedef {import("./errors.js").CodeName} CodeName
 * @typedef {import("./nested.js").Nested} Nested
 * @typedef {import("./shape.js").PartialShape} PartialShape
 * @typedef {import("./signature.js").Signature} Signature
 * @typedef {import("./signature.js").Signatures} Signatures
 * @typedef {import("./signature.js").TensorSpec} TensorSpec
 * @typedef {import("./typing.js").ModelType} ModelType
 */

/**
 * @template {DType} [D=DType]
 * @template {readonly number[]} [S=readonly number[]]
 * @typedef {import("./tensor.js").Tensor<D, S>} Tensor
 */

export { DTYPES } from "./dtypes.js";
export { Code, SteleError } from "./errors.js";
export {
  bfloat16FromNumbers,
  float16FromNumbers,
  numbersFromBfloat16,
  numbersFromFloat16,
} from "./float16.js";
export { toNested } from "./nested.js";
export { formatShape } from "./shape.js";
export { tensor } from "./tensor.js";
export { bytesFromStrings, stringsFromBytes } from "./text.js";
export { toTypeScript } from "./typescript.js";
