// What signatures a model on a server has.

import { readSignatureDefMap } from "../_proto/tensorflow_serving.js";
import { Code, SteleError } from "../errors.js";
import { readSignatures, sortedRecord } from "../signature.js";
import { GET_MODEL_METADATA, MODEL_METADATA } from "./methods.js";
import { decode } from "./wire.js";

/**
 * @typedef {import("./rpc.js").Rpc} Rpc
 * @typedef {import("../signature.js").Signatures} Signatures
 * @typedef {import("../signature.js").TensorSpec} TensorSpec
 */

const FIELD = "signature_def";

/** Where a server has no such API, or no model of this name in it, the other one knows. */
const ASK_THE_OTHER = /** @type {number[]} */ ([Code.UNIMPLEMENTED, Code.NOT_FOUND]);

/**
 * Asks for a model's signatures. TensorFlow Serving's API tells them all, as the SavedModel has them;
 * the Open Inference Protocol has one, which is called `serving_default` here.
 *
 * @param {Rpc} rpc
 * @param {string} name
 * @param {string} version empty for the newest
 * @returns {Promise<Signatures | undefined>} undefined when the server does not say what its model
 *   takes, as the protocol allows
 * @throws {SteleError} NOT_FOUND: no such model; as `Rpc.call`
 */
export async function fetchSignatures(rpc, name, version) {
  // TensorFlow Serving's versions are numbers.
  if (/^\d{0,15}$/.test(version)) {
    try {
      return await askTensorFlowServing(rpc, name, version);
    } catch (error) {
      if (!(error instanceof SteleError && ASK_THE_OTHER.includes(error.code))) throw error;
    }
  }
  return askOpenInference(rpc, name, version);
}

/**
 * @param {Rpc} rpc
 * @param {string} name
 * @param {string} version digits, or empty
 * @returns {Promise<Signatures>}
 */
async function askTensorFlowServing(rpc, name, version) {
  const { metadata } = await rpc.call(GET_MODEL_METADATA, {
    model_spec: { name, ...(version !== "" && { version: { value: Number(version) } }) },
    metadata_field: [FIELD],
  });
  return rpc.decoded(metadata[FIELD], (field) => {
    if (field === undefined) throw new RangeError(`it has no ${FIELD}`);
    // No bytes at all are a model without signatures.
    const { value = Uint8Array.of() } = field;
    return readSignatures(decode(readSignatureDefMap, value).signature_def);
  });
}

/**
 * @param {Rpc} rpc
 * @param {string} name
 * @param {string} version
 * @returns {Promise<Signatures | undefined>}
 */
async function askOpenInference(rpc, name, version) {
  const { inputs, outputs } = await rpc.call(MODEL_METADATA, { name, version });
  if (inputs.length === 0 && outputs.length === 0) return undefined;
  return sortedRecord([
    ["serving_default", Object.freeze({ inputs: specs(inputs), outputs: specs(outputs) })],
  ]);
}

/**
 * @param {{ name: string, datatype: string, shape: number[] }[]} entries
 * @returns {Readonly<Record<string, TensorSpec>>}
 */
function specs(entries) {
  return sortedRecord(
    entries.map(({ name, datatype, shape }) => {
      const dims = shape.map((size) => (size < 0 ? null : size));
      // The graph's tensor is the server's own business; it is there.
      return [name, Object.freeze({ name, dtype: datatype, shape: dims, endpoint: name })];
    }),
  );
}
