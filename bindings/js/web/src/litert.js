// Models of LiteRT, run by LiteRT.js: WebAssembly, one thread, fixed shapes.

import { Tensor as LiteRtTensor, loadAndCompile, loadLiteRt } from "@litertjs/core";
import { DTYPES } from "../../src/dtypes.js";
import { SteleError } from "../../src/errors.js";
import { formatShape } from "../../src/shape.js";
import { UnsupportedError } from "./unsupported.js";

/**
 * @typedef {import("../../src/dtypes.js").DType} DType
 * @typedef {import("../../src/tensor.js").Tensor} Tensor
 */

/** @type {Partial<Record<DType, string>>} */
const TYPES = { FP32: "float32", INT32: "int32", UINT8: "uint8" };

/** @type {Promise<unknown> | undefined} */
let starting;

/** Starts the runtime, once. */
function start() {
  starting ??= loadLiteRt(new URL("../wasm/", import.meta.resolve("@litertjs/core")).href);
  return starting;
}

/**
 * @param {URL} folder
 * @param {import("./manifest.js").Entry} entry
 * @param {string} signature
 * @returns {Promise<import("./model.js").Session>}
 * @throws {UnsupportedError} a dtype or an op that it has not; a dimension that is not fixed
 */
export async function open(folder, entry, signature) {
  for (const { name, dtype } of [...entry.inputs, ...entry.outputs]) {
    if (TYPES[/** @type {DType} */ (dtype)] === undefined) {
      throw new UnsupportedError(`LiteRT.js has no ${dtype}, the dtype of "${name}"`);
    }
  }
  await start();
  const url = new URL(entry.file, folder).href;
  const model = await loading(url);
  const runner = model.signatures[signature];
  const shapes = new Map(runner.getInputDetails().map(({ name, shape }) => [name, [...shape]]));
  for (const [name, shape] of shapes) {
    if (shape.some((dim) => dim < 0)) {
      model.delete();
      throw new UnsupportedError(
        `LiteRT.js runs fixed shapes; input "${name}" is ` +
          `${formatShape(shape.map((dim) => (dim < 0 ? null : dim)))}: convert it with --batch 1`,
      );
    }
  }
  return {
    async run(tensors) {
      const feeds = /** @type {Record<string, LiteRtTensor>} */ ({});
      try {
        entry.inputs.forEach(({ name }, i) => {
          feeds[name] = toRuntime(name, tensors[i], shapes.get(name) ?? []);
        });
        return await copies(await runner.run(feeds), entry.outputs);
      } finally {
        for (const fed of Object.values(feeds)) if (!fed.deleted) fed.delete();
      }
    },
    close: () => model.delete(),
  };
}

/**
 * @param {string} url
 * @returns {ReturnType<typeof loadAndCompile>}
 */
async function loading(url) {
  try {
    return await loadAndCompile(url, { accelerator: "wasm", cpuOptions: { numThreads: 1 } });
  } catch (cause) {
    throw new UnsupportedError(`LiteRT.js does not load "${url}": ${cause}`, { cause });
  }
}

/**
 * @param {string} name
 * @param {Tensor} tensor
 * @param {number[]} fixed the shape that the model was converted with
 * @returns {LiteRtTensor}
 */
function toRuntime(name, { shape, data }, fixed) {
  if (shape.join() !== fixed.join()) {
    throw new UnsupportedError(
      `LiteRT.js runs fixed shapes; input "${name}" was converted as ${formatShape(fixed)}, ` +
        `not ${formatShape(shape)}`,
    );
  }
  return new LiteRtTensor(/** @type {Float32Array} */ (data), [...shape]);
}

/**
 * @param {Record<string, LiteRtTensor>} results which are freed
 * @param {import("../../src/signature.js").TensorSpec[]} specs
 * @returns {Promise<Tensor[]>}
 */
async function copies(results, specs) {
  try {
    return await Promise.all(
      specs.map(async ({ name, dtype }) => {
        const result = results[name];
        const known = /** @type {DType} */ (dtype);
        if (result.type.dtype !== TYPES[known]) {
          throw new SteleError("INTERNAL", `LiteRT.js answers ${result.type.dtype} for ${dtype}`);
        }
        const elements = await result.data();
        const data = new /** @type {any} */ (DTYPES[known].array)(elements.length);
        data.set(elements);
        const shape = [...result.type.layout.dimensions];
        return /** @type {Tensor} */ ({ dtype: known, shape, data });
      }),
    );
  } finally {
    for (const result of Object.values(results)) result.delete();
  }
}
