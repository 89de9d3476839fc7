// The folder of a SavedModel, and what people give in its place.

import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { SteleError } from "./errors.js";
import { systemError } from "./system-error.js";
import { requireNoNul } from "./text.js";

const FILE = "saved_model.pb";
const FILE_URL = "file://";
const REMOTE = /^(gs|s3|hdfs|https?):\/\//;
const KERAS = [".keras", ".h5", ".hdf5"];

/**
 * @param {unknown} dir a path, `file://` and a path, or a URL object of a file
 * @returns {string} the path
 * @throws {SteleError} INVALID_ARGUMENT: neither, or a NUL in it; NOT_FOUND: a URL of something else
 */
export function modelPath(dir) {
  if (dir instanceof URL && dir.protocol === "file:") return fileURLToPath(dir);
  const text = dir instanceof URL ? dir.href : dir;
  if (typeof text !== "string") {
    throw new SteleError("INVALID_ARGUMENT", "dir is neither a path nor a URL");
  }
  requireNoNul(text);
  if (REMOTE.test(text)) {
    throw notFound(`"${text}" is a URL; copy the SavedModel folder to this machine first`);
  }
  return text.startsWith(FILE_URL) ? text.slice(FILE_URL.length) : text;
}

/**
 * @param {string} dir
 * @returns {Promise<string>} the path of its `saved_model.pb`
 * @throws {SteleError} NOT_FOUND: no SavedModel there, with a remedy where there is one; UNIMPLEMENTED:
 *   it is in text form
 */
export async function savedModelFile(dir) {
  const entry = await statOrThrow(dir);
  if (!entry.isDirectory()) throw notFound(wrongFile(dir));
  const path = join(dir, FILE);
  if (await exists(path)) return path;
  const text = join(dir, "saved_model.pbtxt");
  if (await exists(text)) {
    throw new SteleError(
      "UNIMPLEMENTED",
      `"${text}" is a SavedModel in text form, which cannot be loaded here; load it in Python and ` +
        "save it again",
    );
  }
  const newest = await newestVersion(dir);
  if (newest !== undefined) {
    throw notFound(
      `"${dir}" is a folder of versions; give one of them, such as "${dir}/${newest}"`,
    );
  }
  throw notFound(`no SavedModel at "${dir}": no ${FILE} in it`);
}

/** @param {string} message */
function notFound(message) {
  return new SteleError("NOT_FOUND", message);
}

/**
 * @param {string} dir
 * @returns {Promise<import("node:fs").Stats>}
 */
async function statOrThrow(dir) {
  try {
    return await stat(dir);
  } catch (error) {
    const { code = "" } = /** @type {NodeJS.ErrnoException} */ (error);
    if (["ENOENT", "ENOTDIR"].includes(code)) {
      throw notFound(`no SavedModel at "${dir}": no such folder`);
    }
    throw systemError(error, dir);
  }
}

/**
 * @param {string} path
 * @returns {Promise<boolean>}
 * @throws {SteleError} the system's: it cannot be known
 */
async function exists(path) {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return false;
    throw systemError(error, path);
  }
}

/**
 * @param {string} path of a file
 * @returns {string} why it is no model, and what to do
 */
function wrongFile(path) {
  const extension = extname(path);
  if (KERAS.includes(extension)) {
    return (
      `"${path}" is a Keras model file, not a SavedModel folder; export it in Python: ` +
      `keras.models.load_model("${path}").export("saved_model")`
    );
  }
  if (extension === ".tflite") return `"${path}" is a LiteRT model, not a SavedModel folder`;
  const folder = dirname(path);
  if (basename(path) === FILE || existsSync(join(folder, FILE))) {
    return `"${path}" is a file of a SavedModel; give its folder: "${folder}"`;
  }
  return `no SavedModel at "${path}": a file, not a folder`;
}

/**
 * @param {string} dir
 * @returns {Promise<string | undefined>} the greatest number among its folders of SavedModels
 */
async function newestVersion(dir) {
  const names = await readdir(dir).catch((error) => {
    throw systemError(error, dir);
  });
  return names
    .filter((name) => /^\d+$/.test(name) && existsSync(join(dir, name, FILE)))
    .sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1))
    .at(-1);
}
