// The verbs of worker protocol 1, level 5, over any model with the surface of
// tf-stele. A worker says how its binding loads one, and nothing else.

import { SteleError } from "../src/errors.js";
import { asBytes } from "../src/raw.js";
import { readBundle, writeBundle, writeFile } from "./bundle.js";
import { escapeField } from "./fields.js";
import { Unsupported } from "./loop.js";

/**
 * @typedef {import("../src/signature.js").Signatures} Signatures
 * @typedef {import("../src/tensor.js").Tensor} Tensor
 */

/**
 * A model that a worker runs.
 *
 * @typedef {object} Runnable
 * @property {Signatures} signatures
 * @property {(inputs: [string, Tensor][], options: { signature: string }) =>
 *   Record<string, Tensor> | Promise<Record<string, Tensor>>} run
 * @property {(inputs: [string, Tensor][], options: Runs) => Promise<Timed>} [bench] times runs where
 *   they are made, if that is not here
 * @property {() => unknown} close
 */

/** @typedef {{ signature: string, warmup: number, runs: number }} Runs */

/** @typedef {{ outputs: Record<string, Tensor>, durations: BigUint64Array }} Timed nanoseconds */

/**
 * @typedef {object} Binding
 * @property {string} id as in `binding.toml`
 * @property {readonly string[]} dtypes that it can take and return
 * @property {() => Promise<{ language?: string, tensorflow: string }>} versions of the runtime, Node
 *   unless it says, and of the TensorFlow in use, empty if there is none
 * @property {(dir: string, tags: string[], config: string) => Promise<Runnable>} load
 */

/**
 * @param {Binding} binding
 * @returns {Record<string, import("./loop.js").Verb>}
 */
export function verbsOf(binding) {
  /** @type {Runnable | undefined} */
  let model;

  /** @returns {Runnable} */
  function loaded() {
    if (model === undefined) throw new SteleError("FAILED_PRECONDITION", "no model is loaded");
    return model;
  }

  const verbs = {
    hello: {
      arguments: 1,
      async run(/** @type {string} */ protocol) {
        if (protocol !== "1") throw new Unsupported(`protocol ${protocol}`);
        return {
          protocol: "1",
          binding: binding.id,
          language: `JavaScript (Node ${process.versions.node})`,
          ...(await binding.versions()),
          verbs: [...Object.keys(verbs), "bye"].join(","),
          dtypes: binding.dtypes.join(","),
        };
      },
    },
    load: {
      arguments: 3,
      async run(
        /** @type {string} */ dir,
        /** @type {string} */ tags,
        /** @type {string} */ config,
      ) {
        const next = await binding.load(dir, tags === "" ? [] : tags.split(","), config);
        await model?.close();
        model = next;
      },
    },
    run: {
      arguments: 3,
      async run(
        /** @type {string} */ signature,
        /** @type {string} */ from,
        /** @type {string} */ to,
      ) {
        const current = loaded();
        writeBundle(to, await current.run(readBundle(from), { signature }));
      },
    },
    describe: {
      arguments: 1,
      run: (/** @type {string} */ file) => writeFile(file, description(loaded().signatures)),
    },
    bench: {
      arguments: 6,
      run: (/** @type {string[]} */ ...args) => bench(loaded(), ...args),
    },
    unload: {
      arguments: 0,
      async run() {
        const current = model;
        model = undefined;
        await current?.close();
      },
    },
  };
  return verbs;
}

/**
 * @param {Signatures} signatures
 * @returns {string} the lines of the file that `describe` writes
 */
function description(signatures) {
  const lines = [];
  for (const [signature, tensors] of Object.entries(signatures)) {
    for (const way of /** @type {const} */ (["input", "output"])) {
      for (const { name, dtype, shape } of Object.values(tensors[`${way}s`])) {
        const dims = shape === null ? "?" : shape.map((dim) => dim ?? -1).join(",");
        lines.push([signature, way, name, dtype, dims].map(escapeField).join("\t"));
      }
    }
  }
  lines.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return lines.map((line) => `${line}\n`).join("");
}

/**
 * @param {Runnable} model
 * @param {string[]} args signature, from, to, warmup, runs, samples
 */
async function bench(model, ...[signature, from, to, warmup, runs, samples]) {
  const inputs = readBundle(from);
  const options = { signature, warmup: count(warmup, 0), runs: count(runs, 1) };
  const room = allocate(options.runs);
  const { outputs, durations } = await (model.bench?.(inputs, options) ??
    time(model, inputs, options, room));
  writeFile(samples, asBytes(durations));
  writeBundle(to, outputs);
}

/**
 * @param {number} runs
 * @returns {BigUint64Array<ArrayBuffer>} room for a sample of each
 */
function allocate(runs) {
  try {
    return new BigUint64Array(runs);
  } catch {
    throw new SteleError("RESOURCE_EXHAUSTED", `no memory for ${runs} samples`);
  }
}

/**
 * @param {Runnable} model
 * @param {[string, Tensor][]} inputs
 * @param {Runs} options
 * @param {BigUint64Array<ArrayBuffer>} durations filled in
 * @returns {Promise<Timed>}
 */
async function time(model, inputs, { signature, warmup }, durations) {
  for (let i = warmup; i > 0; i--) await model.run(inputs, { signature });
  let outputs = {};
  for (let i = 0; i < durations.length; i++) {
    const start = process.hrtime.bigint();
    const answer = model.run(inputs, { signature });
    // A call that answers at once is not made to wait for a turn of the event loop.
    outputs = answer instanceof Promise ? await answer : answer;
    durations[i] = process.hrtime.bigint() - start;
  }
  return { outputs, durations };
}

/**
 * @param {string} text
 * @param {number} least
 * @returns {number}
 */
function count(text, least) {
  if (!/^\d+$/.test(text) || BigInt(text) < least || BigInt(text) >= 2n ** 63n) {
    throw new SteleError("INVALID_ARGUMENT", `"${text}" is no number of runs from ${least}`);
  }
  return Number(text);
}
