// The worker of the bindings `js-browser-*`: worker protocol 1 on a converted model in
// headless Chromium. bindings/contract/PROTOCOL.md is the specification.
//
//   node worker.mjs onnx|tfjs|litert PYTHON

import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { requireDefaultConfig } from "../converted/config.js";
import { convert } from "../converted/convert.js";
import { serve } from "../protocol/loop.js";
import { verbsOf } from "../protocol/verbs.js";
import { modelPath } from "../src/folder.js";
import { readSavedModel } from "../src/savedmodel.js";
import { readSignatures } from "../src/signature.js";
import { BatchedModel } from "./host/batched.js";
import { startBrowser } from "./host/browser.js";
import { RemoteModel } from "./host/remote.js";
import { serveFolders } from "./host/server.js";
import { ONNX_DTYPES } from "./src/onnx-session.js";

/**
 * Each runtime: who makes it, what it takes, and whether it runs a model at any batch size.
 *
 * @type {Record<string, { package: string, dtypes: string[], batches: boolean }>}
 */
const RUNTIMES = {
  onnx: {
    package: "onnxruntime-web",
    dtypes: ONNX_DTYPES,
    batches: true,
  },
  tfjs: {
    package: "@tensorflow/tfjs-core",
    dtypes: ["BOOL", "INT32", "FP32", "BYTES"],
    batches: true,
  },
  litert: { package: "@litertjs/core", dtypes: ["INT32", "UINT8", "FP32"], batches: false },
};

const [format, python] = process.argv.slice(2);
const runtime = RUNTIMES[format];
const below = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

const server = await serveFolders({
  "/": below("host/"),
  "/modules/": below("node_modules/"),
  "/tf-stele/src/": below("../src/"),
  "/tf-stele/web/src/": below("src/"),
});
const browser = await startBrowser();
const page = await browser.open();
page.on("console", (message) => console.error(`page: ${message.text()}`));
await page.goto(`${server.origin}/harness.html`);

/** How many models have been loaded: each is served under a path of its own. */
let loads = 0;

/**
 * @param {string} given the SavedModel
 * @param {string[]} tags
 * @param {string} config
 */
async function load(given, tags, config) {
  const dir = modelPath(given);
  const signatures = readSignatures(await readSavedModel(dir, tags));
  requireDefaultConfig(config);
  const open = async (/** @type {number | undefined} */ batch) => {
    const { folder } = await convert(python, format, dir, tags, batch);
    const path = `/models/${++loads}/`;
    server.mount(path, `${folder}/`);
    return RemoteModel.load(page, path, signatures);
  };
  return runtime.batches ? open(undefined) : BatchedModel.load(open, signatures);
}

async function versions() {
  const { version } = createRequire(import.meta.url)(
    `./node_modules/${runtime.package}/package.json`,
  );
  return {
    language: `JavaScript (Chromium ${browser.version}, ${runtime.package} ${version})`,
    tensorflow: "",
  };
}

const verbs = verbsOf({ id: `js-browser-${format}`, dtypes: runtime.dtypes, versions, load });

await serve(verbs);
await browser.close();
server.close();
