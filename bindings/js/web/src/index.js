// tf-stele in a browser: models that `stele convert` wrote, under the same
// surface as a SavedModel in Node.

/**
 * @typedef {import("../../src/check.js").InputValues} InputValues
 * @typedef {import("../../src/dtypes.js").DType} DType
 * @typedef {import("../../src/signature.js").Signature} Signature
 * @typedef {import("../../src/signature.js").Signatures} Signatures
 * @typedef {import("../../src/tensor.js").Tensor} Tensor
 */

export { DTYPES } from "../../src/dtypes.js";
export { Code, SteleError } from "../../src/errors.js";
export {
  bfloat16FromNumbers,
  float16FromNumbers,
  numbersFromBfloat16,
  numbersFromFloat16,
} from "../../src/float16.js";
export { toNested } from "../../src/nested.js";
export { formatShape } from "../../src/shape.js";
export { tensor } from "../../src/tensor.js";
export { bytesFromStrings, stringsFromBytes } from "../../src/text.js";
export { distance, ulps } from "./distance.js";
export { Model } from "./model.js";
export { UnsupportedError } from "./unsupported.js";
