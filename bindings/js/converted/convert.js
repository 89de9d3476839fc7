// `stele convert`, run as a child: it knows TensorFlow, and this process does not.

import { execFile } from "node:child_process";
import { Unsupported } from "../protocol/loop.js";
import { SteleError } from "../src/errors.js";

/**
 * @typedef {object} Converted
 * @property {string} folder with `converted.json`
 * @property {Record<string, import("../web/src/manifest.js").Entry>} signatures
 */

/**
 * @param {string} python the interpreter that has the package stele
 * @param {string} format
 * @param {string} dir the SavedModel
 * @param {string[]} tags
 * @param {number} [batch] for every unknown leading dimension
 * @returns {Promise<Converted>}
 * @throws {SteleError} the SavedModel cannot be loaded
 * @throws {Unsupported} no signature of it can be converted
 */
export async function convert(python, format, dir, tags, batch) {
  const answer = await run(python, [
    ...["-m", "stele.cli", "convert", dir, "--to", format, "--tags", tags.join(","), "--json"],
    ...(batch === undefined ? [] : ["--batch", String(batch)]),
  ]);
  if (answer.error?.code === "UNIMPLEMENTED") throw new Unsupported(answer.error.message);
  if (answer.error) throw new SteleError(answer.error.code, answer.error.message);
  const entries = Object.values(answer.signatures);
  if (entries.every(({ problem }) => problem !== "")) throw new Unsupported(summary(entries));
  return answer;
}

/**
 * @param {string} python
 * @param {string[]} args
 * @returns {Promise<Converted & { error?: { code: import("../src/errors.js").CodeName, message: string } }>}
 */
function run(python, args) {
  return new Promise((resolve, reject) => {
    const options = { maxBuffer: 64 << 20 };
    const child = execFile(python, args, options, (failure, stdout, stderr) => {
      try {
        // The exit status says less than this does.
        resolve(JSON.parse(stdout));
      } catch {
        const reason = stderr.trim().split("\n").at(-1) || failure?.message;
        reject(new SteleError("INTERNAL", `stele convert: ${reason}`));
      }
    });
    child.stdin?.end();
  });
}

/**
 * @param {import("../web/src/manifest.js").Entry[]} entries which all have a problem
 * @returns {string} the problems, each once, and not all of many
 */
function summary(entries) {
  const [first = "it has no signatures", ...rest] = new Set(entries.map(({ problem }) => problem));
  return rest.length > 0 ? `${first}; and ${rest.length} other reasons` : first;
}
