// The worker of binding `js-node`: worker protocol 1, level 5, on the public
// surface of tf-stele. bindings/PROTOCOL.md is the specification.

import { createInterface } from "node:readline";
import { DTYPES, Model, SteleError, tensorflowVersion } from "tf-stele";
import { asBytes, readBundle, writeBundle, writeFile } from "./bundle.js";
import { escapeField, unescapeField } from "./fields.js";

/** What a verb refuses because this binding cannot do it at all. */
class Unsupported extends Error {}

/** @type {Model | undefined} */
let model;

/** @returns {Model} */
function loaded() {
  if (model === undefined) throw new SteleError("FAILED_PRECONDITION", "no model is loaded");
  return model;
}

/** @type {Record<string, { arguments: number, run: (...args: string[]) => unknown }>} */
const VERBS = {
  hello: { arguments: 1, run: hello },
  load: { arguments: 3, run: load },
  run: { arguments: 3, run },
  describe: { arguments: 1, run: describe },
  bench: { arguments: 6, run: bench },
  unload: { arguments: 0, run: unload },
  bye: { arguments: 0, run: () => {} },
};

/** @param {string} protocol */
async function hello(protocol) {
  if (protocol !== "1") throw new Unsupported(`protocol ${protocol}`);
  return {
    protocol: "1",
    binding: "js-node",
    language: `JavaScript (Node ${process.versions.node})`,
    tensorflow: await tensorflowVersion().catch(() => ""),
    verbs: Object.keys(VERBS).join(","),
    dtypes: Object.keys(DTYPES).join(","),
  };
}

/**
 * @param {string} dir
 * @param {string} tags
 * @param {string} config
 */
async function load(dir, tags, config) {
  const next = await Model.load(dir, {
    tags: tags === "" ? [] : tags.split(","),
    ...(config.startsWith("hex:")
      ? { config: fromHex(config) }
      : { profile: /** @type {any} */ (config) }),
  });
  await model?.close();
  model = next;
}

/**
 * @param {string} config `hex:` and digits
 * @returns {Uint8Array}
 */
function fromHex(config) {
  const digits = config.slice("hex:".length);
  if (!/^([0-9a-f]{2})*$/i.test(digits)) {
    throw new SteleError(
      "INVALID_ARGUMENT",
      `config "${config}" is no hexadecimal number of bytes`,
    );
  }
  return Uint8Array.from(Buffer.from(digits, "hex"));
}

/**
 * @param {string} signature
 * @param {string} from
 * @param {string} to
 */
function run(signature, from, to) {
  const current = loaded();
  writeBundle(to, current.run(readBundle(from), { signature }));
}

/** @param {string} file */
function describe(file) {
  const lines = [];
  for (const [signature, tensors] of Object.entries(loaded().signatures)) {
    for (const way of /** @type {const} */ (["input", "output"])) {
      for (const { name, dtype, shape } of Object.values(tensors[`${way}s`])) {
        const dims = shape === null ? "?" : shape.map((dim) => dim ?? -1).join(",");
        lines.push([signature, way, name, dtype, dims].map(escapeField).join("\t"));
      }
    }
  }
  lines.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  writeFile(file, lines.map((line) => `${line}\n`).join(""));
}

/**
 * @param {string} signature
 * @param {string} from
 * @param {string} to
 * @param {string} warmup
 * @param {string} runs
 * @param {string} samples
 */
function bench(signature, from, to, warmup, runs, samples) {
  const current = loaded();
  const inputs = readBundle(from);
  for (let i = count(warmup, 0); i > 0; i--) current.run(inputs, { signature });
  const durations = new BigUint64Array(count(runs, 1));
  let outputs = {};
  for (let i = 0; i < durations.length; i++) {
    const start = process.hrtime.bigint();
    outputs = current.run(inputs, { signature });
    durations[i] = process.hrtime.bigint() - start;
  }
  writeFile(samples, asBytes(durations));
  writeBundle(to, outputs);
}

/**
 * @param {string} text
 * @param {number} least
 * @returns {number}
 */
function count(text, least) {
  if (!/^\d{1,9}$/.test(text) || Number(text) < least) {
    throw new SteleError("INVALID_ARGUMENT", `"${text}" is no number of runs from ${least}`);
  }
  return Number(text);
}

async function unload() {
  const current = model;
  model = undefined;
  await current?.close();
}

/**
 * @param {string} verb
 * @param {string[]} args
 * @returns {Promise<string[]>} status and fields of the reply
 */
async function answer(verb, args) {
  try {
    if (!Object.hasOwn(VERBS, verb)) throw new Unsupported(`verb ${verb}`);
    const { arguments: needed, run } = VERBS[verb];
    if (args.length < needed) {
      throw new SteleError("INVALID_ARGUMENT", `${verb} needs ${needed} arguments`);
    }
    const fields = (await run(...args)) ?? {};
    return ["ok", ...Object.entries(fields).map(([key, value]) => `${key}=${value}`)];
  } catch (error) {
    if (error instanceof Unsupported) return ["unsupported", error.message];
    if (error instanceof SteleError) return ["error", error.codeName, error.message];
    console.error(error);
    return ["error", "INTERNAL", String(error)];
  }
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  if (line === "") continue;
  const [id, verb = "", ...args] = line.split("\t").map(unescapeField);
  const reply = [id, ...(await answer(verb, args))];
  process.stdout.write(`\n@stele1\t${reply.map(escapeField).join("\t")}\n`);
  if (verb === "bye") break;
}
await unload();
process.stdin.destroy(); // which is open after a `bye`, and would keep the process
