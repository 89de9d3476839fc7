// What each runtime costs, and how far its answers are from TensorFlow's, on the
// model of digits as `stele web` has laid it out. Prints the README's table.
//
//   node bench/figures.mjs BUILD PYTHON

import { readFileSync } from "node:fs";
import { availableParallelism, cpus, type } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { convert } from "../../converted/convert.js";
import { readBundle } from "../../protocol/bundle.js";
import { startBrowser } from "../host/browser.js";
import { RemoteModel } from "../host/remote.js";
import { serveFolders } from "../host/server.js";
import { distance } from "../src/distance.js";

const SIGNATURE = "serving_default";
const PIXELS = 64;
const CLASSES = 10;

/** Each runtime's files as a browser of today loads them, below node_modules. */
const RUNTIMES = {
  onnx: {
    name: "onnxruntime-web",
    files: [
      "onnxruntime-web/dist/ort.wasm.min.mjs",
      "onnxruntime-web/dist/ort-wasm-simd-threaded.mjs",
      "onnxruntime-web/dist/ort-wasm-simd-threaded.wasm",
    ],
  },
  tfjs: {
    name: "TensorFlow.js, WebAssembly",
    files: [
      "@tensorflow/tfjs-core/dist/tf-core.fesm.min.js",
      "@tensorflow/tfjs-converter/dist/tf-converter.fesm.min.js",
      "@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.fesm.min.js",
      "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm",
    ],
  },
  litert: {
    name: "LiteRT.js",
    files: [
      "@litertjs/core/dist/index.js",
      "@litertjs/wasm-utils/dist/index.js",
      "@litertjs/core/wasm/litert_wasm_internal.js",
      "@litertjs/core/wasm/litert_wasm_internal.wasm",
    ],
  },
};

const [build, python] = process.argv.slice(2);
const below = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const model = join(resolve(build), "models", "digits");
const laid = join(resolve(build), "web", "models", "digits");

/**
 * @param {string[]} paths
 * @returns {number} bytes, compressed one by one as a server sends them
 */
function compressed(paths) {
  return paths.reduce((sum, path) => sum + gzipSync(readFileSync(path), { level: 9 }).length, 0);
}

/** @param {number} bytes */
function megabytes(bytes) {
  return bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** @typedef {{ images: Float32Array, rows: number, expected: Float32Array }} Batch with TensorFlow's answer */

/**
 * The ordinary images: one of NaN has no distance that says anything.
 *
 * @returns {Batch[]}
 */
function batches() {
  /** @type {{ cases: import("../../page/site/cases.js").Case[] }} */
  const { cases } = JSON.parse(readFileSync(join(laid, "cases.json"), "utf8"));
  return cases
    .filter(({ name, signature }) => signature === SIGNATURE && !name.endsWith("/edge"))
    .map(({ file, inputs: [image] }) => {
      const { buffer } = Uint8Array.from(readFileSync(join(laid, file)));
      const [images, expected] = [buffer.slice(0, image.bytes), buffer.slice(image.bytes)];
      return {
        images: new Float32Array(images),
        rows: image.shape[0],
        expected: new Float32Array(expected),
      };
    })
    .filter(({ rows }) => rows > 0);
}

/**
 * @param {Batch} batch
 * @returns {Batch[]} its rows one by one
 */
function split({ images, rows, expected }) {
  return Array.from({ length: rows }, (_, row) => ({
    images: images.slice(row * PIXELS, (row + 1) * PIXELS),
    rows: 1,
    expected: expected.slice(row * CLASSES, (row + 1) * CLASSES),
  }));
}

/**
 * @param {RemoteModel} remote
 * @param {Batch[]} all
 * @returns {Promise<{ ulp: number, absolute: number, predicted: number, images: number }>} the largest
 *   distances: of any probability, and of the greatest one of a row; over as many images
 */
async function distances(remote, all) {
  const worst = { ulp: 0, absolute: 0, predicted: 0, images: 0 };
  for (const { images, rows, expected } of all) {
    const shape = [rows, 8, 8, 1];
    const image = /** @type {const} */ ({ dtype: "FP32", shape, data: images });
    const outputs = await remote.run([["image", image]], { signature: SIGNATURE });
    const actual = /** @type {Float32Array} */ (outputs.probabilities.data);
    const { ulp, absolute } = between(expected, actual);
    worst.ulp = Math.max(worst.ulp, ulp ?? Infinity);
    worst.absolute = Math.max(worst.absolute, absolute ?? Infinity);
    for (let at = 0; at < expected.length; at += CLASSES) {
      const row = expected.subarray(at, at + CLASSES);
      const best = at + row.indexOf(Math.max(...row));
      const top = between(expected.subarray(best, best + 1), actual.subarray(best, best + 1));
      worst.predicted = Math.max(worst.predicted, top.ulp ?? Infinity);
    }
    worst.images += rows;
  }
  return worst;
}

/**
 * @param {Float32Array} expected
 * @param {Float32Array} actual
 */
function between(expected, actual) {
  const tensor = (/** @type {Float32Array} */ data) => ({
    dtype: /** @type {const} */ ("FP32"),
    shape: [data.length],
    data,
  });
  return distance(tensor(expected), tensor(actual));
}

/** @param {BigUint64Array} durations */
function median(durations) {
  return Number(durations.toSorted()[durations.length >> 1]) / 1e3;
}

const server = await serveFolders({
  "/": below("../host/"),
  "/modules/": below("../node_modules/"),
  "/tf-stele/src/": below("../../src/"),
  "/tf-stele/web/src/": below("../src/"),
});
const browser = await startBrowser();
const page = await browser.open();
await page.goto(`${server.origin}/harness.html`);

const rows = [
  "| runtime | its files, gzip | the model, gzip | a call | the prediction | any probability | images |",
  "|---|---:|---:|---:|---:|---:|---:|",
];
for (const [format, { name, files }] of Object.entries(RUNTIMES)) {
  const batch = format === "litert" ? 1 : undefined;
  const saved = join(model, "saved_model");
  const { folder, signatures } = await convert(python, format, saved, ["serve"], batch);
  server.mount(`/models/${format}/`, `${folder}/`);
  const remote = await RemoteModel.load(page, `/models/${format}/`, {});
  const inputs = readBundle(join(model, "cases", "hand-drawn-zero"));
  const options = { signature: SIGNATURE, warmup: 200, runs: 2000 };
  const { durations } = await remote.bench(inputs, options);
  const all = batch === 1 ? batches().flatMap(split) : batches();
  const { ulp, absolute, predicted, images } = await distances(remote, all);
  const runtime = files.map((file) => below(`../node_modules/${file}`));
  const parts = [signatures[SIGNATURE].file];
  if (format === "tfjs") parts.push(parts[0].replace("model.json", "group1-shard1of1.bin"));
  rows.push(
    `| ${name} | ${megabytes(compressed(runtime))} | ` +
      `${megabytes(compressed(parts.map((part) => join(folder, part))))} | ` +
      `${Math.round(median(durations))} µs | ${predicted} ULP | ` +
      `${ulp} ULP, ${absolute.toExponential(1)} | ${images} |`,
  );
  await remote.close();
}
await browser.close();
server.close();

const date = new Date().toISOString().slice(0, 10);
const { reference } = JSON.parse(readFileSync(join(laid, "cases.json"), "utf8"));
const lines = [
  ...rows,
  "",
  `digits; against ${reference}; Chromium ${browser.version}, ${type()}, ${cpus()[0].model.trim()}, ` +
    `${availableParallelism()} cores; ${date}.`,
];
console.log(lines.join("\n"));
