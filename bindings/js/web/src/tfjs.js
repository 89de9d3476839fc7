// Models of TensorFlow.js, run by its WebAssembly backend: one thread.

import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import * as tf from "@tensorflow/tfjs-core";
import { SteleError } from "../../src/errors.js";
import { UnsupportedError } from "./unsupported.js";

/**
 * @typedef {import("../../src/dtypes.js").DType} DType
 * @typedef {import("../../src/tensor.js").Tensor} Tensor
 */

/** @type {Partial<Record<DType, keyof tf.DataTypeMap>>} */
const TYPES = { BOOL: "bool", INT32: "int32", FP32: "float32", BYTES: "string" };

/** @type {Promise<unknown> | undefined} */
let starting;

/** Starts the backend, once. */
function start() {
  starting ??= (async () => {
    tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
    setWasmPaths(new URL("./", import.meta.resolve("@tensorflow/tfjs-backend-wasm")).href);
    await tf.setBackend("wasm");
  })();
  return starting;
}

/**
 * @param {URL} folder
 * @param {import("./manifest.js").Entry} entry
 * @returns {Promise<import("./model.js").Session>}
 * @throws {UnsupportedError} a dtype that it has not; an op that it has no kernel for
 */
export async function open(folder, entry) {
  for (const { name, dtype } of [...entry.inputs, ...entry.outputs]) {
    if (TYPES[/** @type {DType} */ (dtype)] === undefined) {
      throw new UnsupportedError(`TensorFlow.js has no ${dtype}, the dtype of "${name}"`);
    }
  }
  await start();
  const url = new URL(entry.file, folder).href;
  const model = await loading(url, () => loadGraphModel(url));
  const { inputs, outputs } = /** @type {{ inputs: Names, outputs: Names }} */ (
    model.modelSignature
  );
  const fetches = entry.outputs.map(({ name }) => outputs[name].name);
  return {
    async run(tensors) {
      const feeds = /** @type {Record<string, tf.Tensor>} */ ({});
      entry.inputs.forEach(({ name }, i) => {
        feeds[inputs[name].name] = toRuntime(name, tensors[i]);
      });
      try {
        const results = [await execute(model, feeds, fetches)].flat();
        const answers = [];
        for (const [i, result] of results.entries()) {
          answers.push(await fromRuntime(/** @type {DType} */ (entry.outputs[i].dtype), result));
        }
        tf.dispose(results);
        return answers;
      } catch (cause) {
        throw broken(cause);
      } finally {
        tf.dispose(feeds);
      }
    },
    close: () => model.dispose(),
  };
}

/**
 * @param {import("@tensorflow/tfjs-converter").GraphModel} model
 * @param {Record<string, tf.Tensor>} feeds
 * @param {string[]} fetches
 * @returns {Promise<tf.Tensor | tf.Tensor[]>}
 */
async function execute(model, feeds, fetches) {
  try {
    return model.execute(feeds, fetches);
  } catch (error) {
    // It refuses graphs with control flow before it runs them.
    if (!/executeAsync/.test(String(error))) throw error;
    return model.executeAsync(feeds, fetches);
  }
}

/** @typedef {Record<string, { name: string }>} Names the graph's tensors by the signature's names */

/**
 * @template T
 * @param {string} url
 * @param {() => Promise<T>} load
 * @returns {Promise<T>}
 */
async function loading(url, load) {
  try {
    return await load();
  } catch (cause) {
    throw new UnsupportedError(`TensorFlow.js does not load "${url}": ${cause}`, { cause });
  }
}

/**
 * @param {unknown} cause
 * @returns {SteleError}
 */
function broken(cause) {
  const message = cause instanceof Error ? cause.message : String(cause);
  // It finds out about kernels when it runs.
  return /kernel .* not registered/i.test(message)
    ? new UnsupportedError(`TensorFlow.js: ${message}`, { cause })
    : new SteleError("INTERNAL", `TensorFlow.js: ${message}`, { cause });
}

/**
 * @param {string} name
 * @param {Tensor} tensor
 * @returns {tf.Tensor}
 */
function toRuntime(name, { dtype, shape, data }) {
  if (shape.includes(0)) {
    // Its kernels divide by the number of elements, which ends the WebAssembly instance.
    throw new UnsupportedError(
      `TensorFlow.js's WebAssembly backend has no empty tensors; input "${name}" is one`,
    );
  }
  return tf.tensor(/** @type {any} */ (data), [...shape], TYPES[dtype]);
}

/**
 * @param {DType} dtype
 * @param {tf.Tensor} result
 * @returns {Promise<Tensor>}
 */
async function fromRuntime(dtype, result) {
  if (result.dtype !== TYPES[dtype]) {
    throw new SteleError("INTERNAL", `TensorFlow.js answers ${result.dtype} for ${dtype}`);
  }
  const data = dtype === "BYTES" ? await result.bytes() : (await result.data()).slice();
  return /** @type {Tensor} */ ({ dtype, shape: [...result.shape], data });
}
