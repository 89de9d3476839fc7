// Models in ONNX, run by onnxruntime-web: WebAssembly, one thread.

import * as ort from "onnxruntime-web/wasm";
import { openSession } from "./onnx-session.js";

// One thread: the same bits everywhere, and no headers that allow shared memory.
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = new URL("./", import.meta.resolve("onnxruntime-web/wasm")).href;
ort.env.logLevel = "error";

/**
 * @param {URL} folder
 * @param {import("./manifest.js").Entry} entry
 * @returns {Promise<import("./model.js").Session>}
 * @throws {import("./unsupported.js").UnsupportedError} the runtime has no kernel for one of the
 *   model's ops
 */
export function open(folder, entry) {
  const url = new URL(entry.file, folder).href;
  return openSession({ name: "onnxruntime-web", ort, provider: "wasm" }, url, entry);
}
