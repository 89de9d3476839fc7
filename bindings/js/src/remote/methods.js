// The methods of a server that a client calls.

import * as inference from "../_proto/open_inference.js";
import * as serving from "../_proto/tensorflow_serving.js";
import { decode, encode } from "./wire.js";

const INFERENCE = "/inference.GRPCInferenceService";
const PREDICTION = "/tensorflow.serving.PredictionService";

/**
 * @typedef {object} Method
 * @property {string} path
 * @property {(request: any) => Buffer} encode
 * @property {(bytes: Uint8Array) => any} decode throws: the bytes are no response
 */

/**
 * @param {string} path
 * @param {(request: any, writer: any) => void} write
 * @param {(reader: any, end: number) => any} read
 * @param {(request: any) => number} [roomFor] bytes that a request will about need
 * @returns {Method}
 */
function method(path, write, read, roomFor) {
  return {
    path,
    encode: (request) => encode(write, request, roomFor?.(request)),
    decode: (bytes) => decode(read, bytes),
  };
}

/** What a request needs besides its tensors' elements, about. */
const HEADER_BYTES = 1024;

export const MODEL_INFER = method(
  `${INFERENCE}/ModelInfer`,
  inference.writeModelInferRequest,
  inference.readModelInferResponse,
  (request) => {
    const raw = /** @type {Uint8Array[]} */ (request.raw_input_contents);
    return raw.reduce((sum, { length }) => sum + length, HEADER_BYTES);
  },
);

export const MODEL_METADATA = method(
  `${INFERENCE}/ModelMetadata`,
  inference.writeModelMetadataRequest,
  inference.readModelMetadataResponse,
);

export const MODEL_LOAD = method(
  `${INFERENCE}/RepositoryModelLoad`,
  inference.writeRepositoryModelLoadRequest,
  inference.readRepositoryModelLoadResponse,
);

export const MODEL_UNLOAD = method(
  `${INFERENCE}/RepositoryModelUnload`,
  inference.writeRepositoryModelUnloadRequest,
  inference.readRepositoryModelUnloadResponse,
);

/** TensorFlow Serving's, which alone knows all signatures of a model. */
export const GET_MODEL_METADATA = method(
  `${PREDICTION}/GetModelMetadata`,
  serving.writeGetModelMetadataRequest,
  serving.readGetModelMetadataResponse,
);
