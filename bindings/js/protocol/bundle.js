// Bundles: folders of tensors on disk, as bindings/contract/PROTOCOL.md describes them.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DTYPES } from "../src/dtypes.js";
import { SteleError } from "../src/errors.js";
import { fromRaw, toRaw } from "../src/raw.js";
import { systemError } from "../src/system-error.js";
import { requireNoNul } from "../src/text.js";
import { decodeUtf8, escapeField, unescapeField } from "./fields.js";

/**
 * @typedef {import("../src/dtypes.js").DType} DType
 * @typedef {import("../src/tensor.js").Tensor} Tensor
 */

const INDEX = "tensors.tsv";

/**
 * @param {string} dir
 * @returns {[string, Tensor][]} tensors with their names, of which one may come twice
 * @throws {SteleError} as the protocol's table says
 */
export function readBundle(dir) {
  const path = join(dir, INDEX);
  const lines = decodeUtf8(`"${path}"`, readFile(path)).split("\n");
  if (lines.at(-1) === "") lines.pop(); // what is behind the last line's newline
  return lines.map((line) => readTensor(dir, line));
}

/**
 * @param {string} dir created unless there
 * @param {Record<string, Tensor>} tensors
 * @throws {SteleError} the code of the system's error
 */
export function writeBundle(dir, tensors) {
  // Not with `recursive`: on a file system that refuses folders Node tries for ever.
  if (!existsSync(dir)) writing(dir, () => mkdirSync(dir));
  const lines = Object.entries(tensors).map(([name, tensor], i) => {
    const { dtype, shape } = tensor;
    const bytes = toRaw(tensor);
    writeFile(join(dir, `${i}.bin`), bytes);
    return `${escapeField(name)}\t${dtype}\t${shape.join(",")}\t${bytes.length}\t${i}.bin\n`;
  });
  writeFile(join(dir, INDEX), lines.join(""));
}

/**
 * @param {string} path
 * @param {string | Uint8Array} content
 * @throws {SteleError} the code of the system's error
 */
export function writeFile(path, content) {
  writing(path, () => writeFileSync(path, content));
}

/**
 * @param {string} dir
 * @param {string} line of `tensors.tsv`
 * @returns {[string, Tensor]}
 */
function readTensor(dir, line) {
  const fields = line.split("\t").map(unescapeField);
  const [name, dtype, dims, size, file] = fields;
  const what = `tensor "${name}"`;
  if (fields.length !== 5) {
    throw invalid(`${what}: its line in ${INDEX} is not name, dtype, shape, nbytes, file`);
  }
  fields.forEach(requireNoNul);
  if (["", ".", ".."].includes(file) || file.includes("/")) {
    throw invalid(`${what}: "${file}" in ${INDEX} is no name of a file in its folder`);
  }
  const shape = dims === "" ? [] : dims.split(",").map((dim) => wholeNumber(what, dim));
  const nbytes = wholeNumber(what, size);
  const info = DTYPES[/** @type {DType} */ (dtype)];
  if (info === undefined) throw invalid(`${what} has unknown dtype ${dtype}`);

  const bytes = readFile(join(dir, file));
  if (bytes.length !== nbytes) {
    throw invalid(`${what}: "${file}" has ${bytes.length} bytes, declared are ${nbytes}`);
  }
  return [name, fromRaw(what, info.name, shape, bytes)];
}

/** @param {string} message */
function invalid(message) {
  return new SteleError("INVALID_ARGUMENT", message);
}

/**
 * @param {string} what
 * @param {string} text
 * @returns {number}
 */
function wholeNumber(what, text) {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number >= 2 ** 63) {
    throw invalid(`${what}: "${text}" in ${INDEX} is no whole number from 0 to 2^63-1`);
  }
  return number;
}

/**
 * @param {string} path
 * @returns {Buffer}
 */
function readFile(path) {
  try {
    return readFileSync(path);
  } catch (error) {
    throw systemError(error, path);
  }
}

/**
 * @param {string} path
 * @param {() => void} write
 */
function writing(path, write) {
  try {
    write();
  } catch (error) {
    throw systemError(error, path);
  }
}
