// The loop of a worker: requests in, replies out, as bindings/contract/PROTOCOL.md
// describes its lines. What the verbs do is none of its business.

import { createInterface } from "node:readline";
import { SteleError } from "../src/errors.js";
import { escapeField, unescapeField } from "./fields.js";

/** What a verb refuses because this binding cannot do it at all. */
export class Unsupported extends Error {}

/**
 * @typedef {object} Verb
 * @property {number} arguments how many it needs
 * @property {(...args: string[]) => unknown} run may return the reply's fields by key, or a promise
 *   of them; throws a SteleError or {@link Unsupported}
 */

/**
 * Answers requests until `bye` or the end of input.
 *
 * @param {Readonly<Record<string, Verb>>} verbs all but `bye`
 */
export async function serve(verbs) {
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    if (line === "") continue;
    const [id, verb = "", ...args] = line.split("\t").map(unescapeField);
    const bye = verb === "bye";
    const reply = [id, ...(bye ? ["ok"] : await answer(verbs, verb, args))];
    process.stdout.write(`\n@stele1\t${reply.map(escapeField).join("\t")}\n`);
    if (bye) break;
  }
  process.stdin.destroy(); // which is open after a `bye`, and would keep the process
}

/**
 * @param {Readonly<Record<string, Verb>>} verbs
 * @param {string} verb
 * @param {string[]} args
 * @returns {Promise<string[]>} status and fields of the reply
 */
async function answer(verbs, verb, args) {
  try {
    if (!Object.hasOwn(verbs, verb)) throw new Unsupported(`verb ${verb}`);
    const { arguments: needed, run } = verbs[verb];
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
