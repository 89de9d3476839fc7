// Latency and start-up beside the C binding and the official package, and the
// event loop's delay, on one model with batch 1. Prints the README's tables.
//
//   node bench/bench.mjs BUILD
//
// With the default profile TensorFlow's own threads fall asleep when a caller
// takes some microseconds more between two runs, and take longer to wake up than
// the whole run: the other profiles show what a binding itself costs.

import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { arch, availableParallelism, cpus, tmpdir, type } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { Model, tensor, tensorflowVersion } from "tf-stele";
import { writeBundle } from "../protocol/bundle.js";
import { ROOT } from "../test/helpers/environment.js";
import { latency, startUp } from "./rounds.js";

const OFFICIAL = "js-tfjs-node";

// Node 20 reads these at every start: tens of milliseconds, which are the
// machine's and not the binding's.
delete process.env.NODE_EXTRA_CA_CERTS;

const build = resolve(process.argv[2]);
const model = join(build, "models", "digits", "saved_model");
const official = join(build, "js", "comparator");

/** @type {Record<string, string[]>} */
const commands = {
  c: [join(build, "c", "worker")],
  "js-node": [process.execPath, join(ROOT, "worker.mjs")],
};
if (existsSync(join(official, ".built"))) {
  commands[OFFICIAL] = [process.execPath, join(ROOT, "comparator", "worker.mjs"), official];
}

/** The official package has no session configuration. */
const PROFILES = {
  default: Object.keys(commands),
  inline: ["c", "js-node"],
  single: ["c", "js-node"],
};

/**
 * Every dimension that the model leaves open is 1.
 *
 * @param {string} dir
 */
async function writeInput(dir) {
  const loaded = await Model.load(model);
  const [{ name, shape }] = Object.values(loaded.signatures.serving_default.inputs);
  const dims = (shape ?? []).map((dim) => dim ?? 1);
  const count = dims.reduce((product, dim) => product * dim, 1);
  writeBundle(dir, { [name]: tensor("FP32", dims, new Float32Array(count).fill(3)) });
  await loaded.close();
}

/**
 * @param {import("./rounds.js").Subject} subject
 * @returns {AsyncGenerator<string>} lines of Markdown
 */
async function* tables(subject) {
  yield "| binding | profile | a call | more than C | over C |";
  yield "|---|---|---:|---:|---:|";
  for (const [profile, ids] of Object.entries(PROFILES)) {
    const all = await latency(
      ids.map((id) => commands[id]),
      profile,
      subject,
    );
    for (const [i, { time, more, ratio }] of all.entries()) {
      yield `| \`${ids[i]}\` | ${profile} | ${time.toFixed(1)} µs | ${more < 0 ? "" : "+"}${more.toFixed(1)} µs | ${ratio.toFixed(2)} × |`;
    }
  }
  yield "";
  yield "| binding | process start to first answer | over C |";
  yield "|---|---:|---:|";
  const starts = await startUp(Object.values(commands), subject);
  for (const [i, { time, ratio }] of starts.entries()) {
    yield `| \`${Object.keys(commands)[i]}\` | ${time.toFixed(0)} ms | ${ratio.toFixed(2)} × |`;
  }
  yield "";
  const program = join(ROOT, "bench", "in-flight.mjs");
  const args = [program, subject.model, subject.input];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { inFlight, calls, perSecond, busy, idle } = JSON.parse(stdout);
  const ms = (/** @type {{ p99: number, max: number }} */ { p99, max }) =>
    `99 % within ${p99.toFixed(1)} ms, the longest ${max.toFixed(1)} ms`;
  yield `${inFlight} calls of \`runAsync\` always in flight, ${calls} in all, ${perSecond.toFixed(0)} in a second:`;
  yield `turns of the event loop, due every 1 ms: ${ms(busy)}; with nothing to do, ${ms(idle)}.`;
  yield "";
  yield `\`digits\`, batch 1; ${type()} ${arch()}, ${cpus()[0].model.trim()}, ${availableParallelism()} cores;`;
  yield `TensorFlow ${await tensorflowVersion()}, Node ${process.versions.node}; ${new Date().toISOString().slice(0, 10)}.`;
  if (commands[OFFICIAL] === undefined) {
    yield "";
    yield `\`${OFFICIAL}\` was not there: \`make comparator\` builds it.`;
  }
}

const folder = mkdtempSync(join(tmpdir(), "stele-bench-"));
try {
  const input = join(folder, "in");
  await writeInput(input);
  for await (const line of tables({ model, input, folder })) console.log(line);
} finally {
  rmSync(folder, { recursive: true });
}
