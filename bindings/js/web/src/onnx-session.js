// A signature in onnxruntime, whichever build of it: the browser's and Node's have one surface.

import { DTYPES } from "../../src/dtypes.js";
import { SteleError } from "../../src/errors.js";
import { bytesFromStrings, stringsFromBytes } from "../../src/text.js";
import { UnsupportedError } from "./unsupported.js";

/**
 * @typedef {import("../../src/dtypes.js").DType} DType
 * @typedef {import("../../src/tensor.js").Tensor} Tensor
 * @typedef {import("onnxruntime-common").Tensor} OrtTensor
 */

/**
 * @typedef {object} Runtime
 * @property {string} name of its package
 * @property {Pick<typeof import("onnxruntime-common"), "InferenceSession" | "Tensor">} ort
 * @property {string} provider that runs the ops
 */

/** @type {Partial<Record<DType, import("onnxruntime-common").Tensor.Type>>} */
const TYPES = {
  BOOL: "bool",
  INT8: "int8",
  INT16: "int16",
  INT32: "int32",
  INT64: "int64",
  UINT8: "uint8",
  UINT16: "uint16",
  UINT32: "uint32",
  UINT64: "uint64",
  FP16: "float16",
  FP32: "float32",
  FP64: "float64",
  BYTES: "string",
};

/** The dtypes that it takes and returns. */
export const ONNX_DTYPES = Object.keys(TYPES);

/**
 * @param {Runtime} runtime
 * @param {string} file its URL or path
 * @param {import("./manifest.js").Entry} entry
 * @returns {Promise<import("./model.js").Session>}
 * @throws {UnsupportedError} the runtime has no kernel for one of the model's ops
 */
export async function openSession(runtime, file, entry) {
  const { name, ort, provider } = runtime;
  let session;
  try {
    // Level 3: errors, and not a warning for each node that it moves.
    const options = { executionProviders: [provider], logSeverityLevel: /** @type {const} */ (3) };
    session = await ort.InferenceSession.create(file, options);
  } catch (cause) {
    throw new UnsupportedError(`${name} does not load "${file}": ${reason(cause)}`, { cause });
  }
  return {
    async run(inputs) {
      const feeds = Object.fromEntries(
        entry.inputs.map((input, i) => [input.name, toRuntime(runtime, input.name, inputs[i])]),
      );
      let results;
      try {
        results = await session.run(feeds);
      } catch (cause) {
        throw new SteleError("INTERNAL", `${name}: ${reason(cause)}`, { cause });
      }
      return entry.outputs.map((output) =>
        fromRuntime(name, /** @type {DType} */ (output.dtype), results[output.name]),
      );
    },
    close: () => session.release(),
  };
}

/**
 * @param {Runtime} runtime
 * @param {string} input its name
 * @param {Tensor} tensor
 * @returns {OrtTensor}
 */
function toRuntime({ name, ort }, input, { dtype, shape, data }) {
  const type = TYPES[dtype];
  if (type === undefined) throw new UnsupportedError(`${name} has no ${dtype}`);
  const elements =
    dtype === "BYTES" ? text(name, input, data) : dtype === "FP16" ? halves(data) : data;
  return new ort.Tensor(type, /** @type {any} */ (elements), shape);
}

/**
 * The runtime's strings are JavaScript's on one side and end with a NUL on the other.
 *
 * @param {string} name the runtime's
 * @param {string} input its name
 * @param {Uint8Array[]} elements
 * @returns {string[]}
 */
function text(name, input, elements) {
  let strings;
  try {
    strings = stringsFromBytes(elements);
  } catch (cause) {
    throw new UnsupportedError(`${name}'s strings are UTF-8; input "${input}" is not`, {
      cause,
    });
  }
  if (strings.some((string) => string.includes("\0"))) {
    throw new UnsupportedError(`${name} cuts strings at a NUL; input "${input}" has one`);
  }
  return strings;
}

/**
 * @param {Uint16Array} bits raw FP16
 * @returns {ArrayBufferView} the same memory, as the runtime wants it on this machine
 */
function halves(bits) {
  const { Float16Array } = /** @type {any} */ (globalThis);
  if (Float16Array === undefined) return bits;
  return new Float16Array(bits.buffer, bits.byteOffset, bits.length);
}

/**
 * @param {string} name the runtime's
 * @param {DType} dtype
 * @param {OrtTensor} result
 * @returns {Tensor}
 */
function fromRuntime(name, dtype, result) {
  if (result.type !== TYPES[dtype]) {
    throw new SteleError("INTERNAL", `${name} answers ${result.type} for ${dtype}`);
  }
  const shape = [...result.dims];
  if (dtype === "BYTES") {
    const data = bytesFromStrings(/** @type {string[]} */ (result.data));
    return { dtype, shape, data };
  }
  const view = /** @type {ArrayBufferView} */ (/** @type {unknown} */ (result.data));
  const { array: Elements } = DTYPES[dtype];
  const data = new /** @type {any} */ (Elements)(result.size);
  new Uint8Array(data.buffer).set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  return /** @type {Tensor} */ ({ dtype, shape, data });
}

/**
 * @param {unknown} error
 * @returns {string} one line
 */
function reason(error) {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0];
}
