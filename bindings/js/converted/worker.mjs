// The worker of the binding `js-onnx`: worker protocol 1 on a converted model in onnxruntime.
// bindings/contract/PROTOCOL.md is the specification.
//
//   node worker.mjs PYTHON

import { createRequire } from "node:module";
import { serve } from "../protocol/loop.js";
import { verbsOf } from "../protocol/verbs.js";
import { modelPath } from "../src/folder.js";
import { readSavedModel } from "../src/savedmodel.js";
import { readSignatures } from "../src/signature.js";
import { ONNX_DTYPES } from "../web/src/onnx-session.js";
import { requireDefaultConfig } from "./config.js";
import { convert } from "./convert.js";
import { Model } from "./model.js";

const [python] = process.argv.slice(2);
const { version } = createRequire(import.meta.url)("onnxruntime-node/package.json");

/**
 * @param {string} given the SavedModel
 * @param {string[]} tags
 * @param {string} config
 */
async function load(given, tags, config) {
  const dir = modelPath(given);
  const signatures = readSignatures(await readSavedModel(dir, tags));
  requireDefaultConfig(config);
  return new Model(signatures, await convert(python, "onnx", dir, tags));
}

const verbs = verbsOf({
  id: "js-onnx",
  dtypes: ONNX_DTYPES,
  versions: async () => ({
    language: `JavaScript (Node ${process.versions.node}, onnxruntime-node ${version})`,
    tensorflow: "",
  }),
  load,
});

await serve(verbs);
await verbs.unload.run();
