// Models in ONNX, run by onnxruntime-web: WebAssembly, one thread.

import * as ort from "onnxruntime-web/wasm";
import { DTYPES } from "../../src/dtypes.js";
import { SteleError } from "../../src/errors.js";
import { bytesFromStrings, stringsFromBytes } from "../../src/text.js";
import { UnsupportedError } from "./unsupported.js";

/**
 * @typedef {import("../../src/dtypes.js").DType} DType
 * @typedef {import("../../src/tensor.js").Tensor} Tensor
 */

// One thread: the same bits everywhere, and no headers that allow shared memory.
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = new URL("./", import.meta.resolve("onnxruntime-web/wasm")).href;
ort.env.logLevel = "error";

/** @type {Partial<Record<DType, import("onnxruntime-web").Tensor.Type>>} */
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

/**
 * @param {URL} folder
 * @param {import("./manifest.js").Entry} entry
 * @returns {Promise<import("./model.js").Session>}
 * @throws {UnsupportedError} the runtime has no kernel for one of the model's ops
 */
export async function open(folder, entry) {
  const url = new URL(entry.file, folder).href;
  let session;
  try {
    session = await ort.InferenceSession.create(url, { executionProviders: ["wasm"] });
  } catch (cause) {
    throw new UnsupportedError(`onnxruntime-web does not load "${url}": ${reason(cause)}`, {
      cause,
    });
  }
  return {
    async run(inputs) {
      const feeds = Object.fromEntries(
        entry.inputs.map(({ name }, i) => [name, toRuntime(name, inputs[i])]),
      );
      let results;
      try {
        results = await session.run(feeds);
      } catch (cause) {
        throw new SteleError("INTERNAL", `onnxruntime-web: ${reason(cause)}`, { cause });
      }
      return entry.outputs.map(({ name, dtype }) =>
        fromRuntime(/** @type {DType} */ (dtype), results[name]),
      );
    },
    close: () => session.release(),
  };
}

/**
 * @param {string} name
 * @param {Tensor} tensor
 * @returns {ort.Tensor}
 */
function toRuntime(name, { dtype, shape, data }) {
  const type = TYPES[dtype];
  if (type === undefined) throw new UnsupportedError(`onnxruntime-web has no ${dtype}`);
  const elements = dtype === "BYTES" ? text(name, data) : dtype === "FP16" ? halves(data) : data;
  return new ort.Tensor(type, /** @type {any} */ (elements), shape);
}

/**
 * The runtime's strings are JavaScript's on one side and end with a NUL on the other.
 *
 * @param {string} name
 * @param {Uint8Array[]} elements
 * @returns {string[]}
 */
function text(name, elements) {
  let strings;
  try {
    strings = stringsFromBytes(elements);
  } catch (cause) {
    throw new UnsupportedError(`onnxruntime-web's strings are UTF-8; input "${name}" is not`, {
      cause,
    });
  }
  if (strings.some((string) => string.includes("\0"))) {
    throw new UnsupportedError(`onnxruntime-web cuts strings at a NUL; input "${name}" has one`);
  }
  return strings;
}

/**
 * @param {Uint16Array} bits raw FP16
 * @returns {ArrayBufferView} the same memory, as the runtime wants it in this browser
 */
function halves(bits) {
  const { Float16Array } = /** @type {any} */ (globalThis);
  if (Float16Array === undefined) return bits;
  return new Float16Array(bits.buffer, bits.byteOffset, bits.length);
}

/**
 * @param {DType} dtype
 * @param {ort.Tensor} result
 * @returns {Tensor}
 */
function fromRuntime(dtype, result) {
  if (result.type !== TYPES[dtype]) {
    throw new SteleError("INTERNAL", `onnxruntime-web answers ${result.type} for ${dtype}`);
  }
  const shape = [...result.dims];
  if (dtype === "BYTES") {
    const data = bytesFromStrings(/** @type {string[]} */ (result.data));
    return { dtype, shape, data };
  }
  const found = /** @type {ArrayBufferView} */ (/** @type {unknown} */ (result.data));
  const { array: Elements } = DTYPES[dtype];
  const data = new /** @type {any} */ (Elements)(result.size);
  new Uint8Array(data.buffer).set(new Uint8Array(found.buffer, found.byteOffset, found.byteLength));
  return /** @type {Tensor} */ ({ dtype, shape, data });
}

/**
 * @param {unknown} error
 * @returns {string} one line
 */
function reason(error) {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0];
}
