// The loop of a worker: requests in, replies out, as bindings/contract/PROTOCOL.md
// describes its lines. What the verbs do is none of its business.

import { SteleError } from "../src/errors.js";
import { requireNoNul } from "../src/text.js";
import { decodeUtf8, escapeField, unescapeField } from "./fields.js";

const NEWLINE = 0x0a;

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
  for await (const line of readLines(process.stdin)) {
    if (line.length === 0) continue;
    const [id, verb = ""] = line.toString("latin1").split("\t", 2);
    const bye = verb === "bye";
    const reply = [id, ...(bye ? ["ok"] : await answer(verbs, line))];
    process.stdout.write(`\n@stele1\t${reply.map(escapeField).join("\t")}\n`);
    if (bye) break;
  }
}

/**
 * As bytes: a reader of text would make another text of what is not UTF-8.
 *
 * @param {AsyncIterable<Buffer>} stream destroyed when the caller breaks off
 * @returns {AsyncGenerator<Buffer>} without their newlines
 */
async function* readLines(stream) {
  /** @type {Buffer[]} */
  let begun = [];
  for await (const chunk of stream) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      yield Buffer.concat([...begun, chunk.subarray(from, end)]);
      begun = [];
      from = end + 1;
    }
    begun.push(chunk.subarray(from));
  }
  yield Buffer.concat(begun);
}

/**
 * @param {Readonly<Record<string, Verb>>} verbs
 * @param {Buffer} line a request
 * @returns {Promise<string[]>} status and fields of the reply
 */
async function answer(verbs, line) {
  try {
    const [, verb = "", ...args] = decodeUtf8("the request", line).split("\t").map(unescapeField);
    if (!Object.hasOwn(verbs, verb)) throw new Unsupported(`verb ${verb}`);
    const { arguments: needed, run } = verbs[verb];
    if (args.length < needed) {
      throw new SteleError("INVALID_ARGUMENT", `${verb} needs ${needed} arguments`);
    }
    args.forEach(requireNoNul);
    const fields = (await run(...args)) ?? {};
    return ["ok", ...Object.entries(fields).map(([key, value]) => `${key}=${value}`)];
  } catch (error) {
    if (error instanceof Unsupported) return ["unsupported", error.message];
    if (error instanceof SteleError) return ["error", error.codeName, error.message];
    console.error(error);
    return ["error", "INTERNAL", String(error)];
  }
}
