// Bundles: folders of tensors on disk, as bindings/PROTOCOL.md describes them.
// Tensor files are little-endian, like every machine that TensorFlow runs on.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DTYPES } from "../src/dtypes.js";
import { SteleError } from "../src/errors.js";
import { tensor } from "../src/tensor.js";
import { escapeField, unescapeField } from "./fields.js";

/**
 * @typedef {import("../src/dtypes.js").DType} DType
 * @typedef {import("../src/tensor.js").Tensor} Tensor
 */

const INDEX = "tensors.tsv";

/**
 * @param {string} dir
 * @returns {[string, Tensor][]} tensors with their names, which may be there twice
 * @throws {SteleError} as the protocol's table says
 */
export function readBundle(dir) {
  const lines = readFile(join(dir, INDEX)).toString("utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => readTensor(dir, line));
}

/**
 * @param {string} dir created unless there
 * @param {Record<string, Tensor>} tensors
 * @throws {SteleError} the code of the system's error
 */
export function writeBundle(dir, tensors) {
  // Not with `recursive`: on a file system that refuses folders Node tries for ever.
  if (!existsSync(dir)) writing(dir, () => mkdirSync(dir));
  const lines = Object.entries(tensors).map(([name, { dtype, shape, data }], i) => {
    const bytes = dtype === "BYTES" ? frame(data) : asBytes(data);
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
 * @param {import("../src/dtypes.js").DataOf[Exclude<DType, "BYTES">]} data
 * @returns {Uint8Array} the same memory
 */
export function asBytes({ buffer, byteOffset, byteLength }) {
  return new Uint8Array(buffer, byteOffset, byteLength);
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
  if (fields.length !== 5 || file === "") {
    throw invalid(`${what}: its line in ${INDEX} is not name, dtype, shape, nbytes, file`);
  }
  const shape = dims === "" ? [] : dims.split(",").map((dim) => wholeNumber(what, dim));
  const nbytes = wholeNumber(what, size);
  const info = DTYPES[/** @type {DType} */ (dtype)];
  if (info === undefined) throw invalid(`${what} has unknown dtype ${dtype}`);

  const bytes = readFile(join(dir, file));
  if (bytes.length !== nbytes) {
    throw invalid(`${what}: "${file}" has ${bytes.length} bytes, declared are ${nbytes}`);
  }
  if (info.array === undefined) return [name, checked(what, "BYTES", shape, unframe(what, bytes))];
  if (bytes.length % info.size !== 0) {
    throw invalid(`${what}: ${nbytes} bytes are no whole number of ${dtype} elements`);
  }
  // A copy, for an array's elements must be aligned to their size.
  const data = new info.array((bytes.length / info.size) * info.lanes);
  asBytes(data).set(bytes);
  return [name, checked(what, info.name, shape, data)];
}

/**
 * @param {string} what
 * @param {DType} dtype
 * @param {number[]} shape
 * @param {any} data
 * @returns {Tensor}
 */
function checked(what, dtype, shape, data) {
  try {
    return tensor(dtype, shape, data);
  } catch (error) {
    throw invalid(`${what}: ${/** @type {Error} */ (error).message}`);
  }
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
 * @param {string} what
 * @param {Buffer} bytes
 * @returns {Uint8Array[]} the elements of a BYTES tensor
 */
function unframe(what, bytes) {
  const elements = [];
  let at = 0;
  while (at < bytes.length) {
    const end = at + 4 <= bytes.length ? at + 4 + bytes.readUInt32LE(at) : Infinity;
    if (end > bytes.length) throw invalid(`${what}: BYTES element ${elements.length} is cut short`);
    elements.push(Uint8Array.from(bytes.subarray(at + 4, end)));
    at = end;
  }
  return elements;
}

/**
 * @param {Uint8Array[]} elements
 * @returns {Uint8Array}
 */
function frame(elements) {
  return Buffer.concat(
    elements.flatMap((element) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(element.length);
      return [length, element];
    }),
  );
}

/**
 * @param {string} path
 * @returns {Buffer}
 */
function readFile(path) {
  try {
    return readFileSync(path);
  } catch (error) {
    throw SteleError.fromSystem(error, path);
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
    throw SteleError.fromSystem(error, path);
  }
}
