// Tensors in messages of the Open Inference Protocol. A message has them in one
// of two forms, raw bytes or typed lists: inputs are sent raw, which is exact
// and many times cheaper; outputs are read in either.

import { dtypeByName } from "../dtypes.js";
import { SteleError } from "../errors.js";
import { fromRaw, toRaw } from "../raw.js";
import { readContents } from "./contents.js";

/** @typedef {import("../tensor.js").Tensor} Tensor */

/**
 * @param {[string, Tensor][]} tensors checked
 * @returns {{ inputs: object[], raw_input_contents: Uint8Array[] }} fields of a ModelInferRequest
 */
export function writeInputs(tensors) {
  return {
    inputs: tensors.map(([name, { dtype, shape }]) => ({ name, datatype: dtype, shape })),
    raw_input_contents: tensors.map(([, tensor]) => toRaw(tensor)),
  };
}

/**
 * @typedef {object} OutputTensor ModelInferResponse.InferOutputTensor, decoded
 * @property {string} name
 * @property {string} datatype
 * @property {number[]} shape
 * @property {Uint8Array} [contents]
 */

/**
 * @param {{ outputs: OutputTensor[], raw_output_contents: Uint8Array[] }} response a
 *   ModelInferResponse
 * @returns {Record<string, Tensor>} by name, without a prototype: any name is a key like any other
 * @throws {SteleError} INVALID_ARGUMENT, naming the tensor that does not add up
 */
export function readOutputs({ outputs, raw_output_contents: raw }) {
  if (raw.length > 0 && raw.length !== outputs.length) {
    throw new SteleError(
      "INVALID_ARGUMENT",
      `${raw.length} raw contents for ${outputs.length} tensors`,
    );
  }
  const tensors = Object.create(null);
  outputs.forEach(({ name, datatype, shape, contents }, i) => {
    const what = `output "${name}"`;
    const dtype = dtypeByName(datatype)?.name;
    if (dtype === undefined) {
      throw new SteleError("INVALID_ARGUMENT", `${what} has unknown dtype ${datatype}`);
    }
    tensors[name] =
      raw.length > 0
        ? fromRaw(what, dtype, shape, raw[i])
        : readContents(what, dtype, shape, contents ?? Uint8Array.of());
  });
  return tensors;
}
