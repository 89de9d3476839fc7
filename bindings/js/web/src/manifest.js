// `converted.json`: what a conversion says of itself. `stele convert` writes it.

import { SteleError } from "../../src/errors.js";

/**
 * @typedef {object} Entry a signature
 * @property {string} file to load, below the manifest's folder; empty when there is none
 * @property {number} bytes of all of its files
 * @property {string} problem why it could not be converted; empty when it was
 * @property {import("../../src/signature.js").TensorSpec[]} inputs sorted by name
 * @property {import("../../src/signature.js").TensorSpec[]} outputs sorted by name
 */

/**
 * @typedef {object} Manifest
 * @property {string} format `onnx`, `tfjs` or `litert`
 * @property {string} title of the format, for people
 * @property {string} model its name, for people
 * @property {string} fingerprint of all that decides what comes out
 * @property {Record<string, string>} versions of the packages that converted, by name
 * @property {number | null} batch the size given to unknown leading dimensions
 * @property {Record<string, Entry>} signatures
 */

/**
 * @param {URL} folder with a slash at its end
 * @returns {Promise<Manifest>}
 * @throws {SteleError} NOT_FOUND: there is none; UNAVAILABLE: its server does not answer; DATA_LOSS:
 *   it is damaged
 */
export async function readManifest(folder) {
  const url = new URL("converted.json", folder);
  const answer = await fetchOrThrow(url);
  try {
    return await answer.json();
  } catch (cause) {
    throw new SteleError("DATA_LOSS", `"${url}" is damaged: ${cause}`, { cause });
  }
}

/**
 * @param {URL} url
 * @returns {Promise<Response>}
 * @throws {SteleError} NOT_FOUND or UNAVAILABLE
 */
export async function fetchOrThrow(url) {
  let answer;
  try {
    answer = await fetch(url);
  } catch (cause) {
    throw new SteleError("UNAVAILABLE", `"${url}": ${cause}`, { cause });
  }
  if (!answer.ok) {
    const code = answer.status === 404 ? "NOT_FOUND" : "UNAVAILABLE";
    throw new SteleError(code, `"${url}": ${answer.status} ${answer.statusText}`);
  }
  return answer;
}
