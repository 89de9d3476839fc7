// A SavedModel on disk: what has to be right before TensorFlow sees it.

import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { PbfReader } from "pbf";
import { readSavedModel as decode } from "./_proto/saved_model.js";
import { SteleError } from "./errors.js";
import { readSignatures } from "./signature.js";

/**
 * @typedef {object} MetaGraphDef MetaGraphDef of saved_model.proto, decoded
 * @property {{ tags: string[] }} [meta_info_def]
 * @property {Uint8Array} [saver_def]
 * @property {Record<string, import("./signature.js").SignatureDef>} signature_def
 */

/**
 * Reads the signatures of a SavedModel, and checks what TensorFlow would load
 * in silence without: the graph with these tags and the index of its variables.
 *
 * @param {string} dir
 * @param {readonly string[]} tags
 * @returns {Promise<import("./signature.js").Signatures>}
 * @throws {SteleError} NOT_FOUND: no SavedModel there, no graph with exactly these tags, no index of
 *   the variables; DATA_LOSS: `saved_model.pb` is cut short or no SavedModel
 */
export async function readSavedModel(dir, tags) {
  const path = join(dir, "saved_model.pb");
  const metaGraphs = decodeMetaGraphs(await readModelFile(path), path);
  const metaGraph = selectMetaGraph(metaGraphs, tags, dir);
  if (metaGraph.saver_def !== undefined) {
    await requireFile(join(dir, "variables", "variables.index"));
  }
  return readSignatures(metaGraph.signature_def);
}

/**
 * @param {string} path
 * @returns {Promise<Uint8Array>}
 */
async function readModelFile(path) {
  try {
    return await readFile(path);
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") {
      throw new SteleError("NOT_FOUND", `no SavedModel here: "${path}" is no file`, {
        cause: error,
      });
    }
    throw SteleError.fromSystem(error, path);
  }
}

/**
 * @param {Uint8Array} bytes
 * @param {string} path
 * @returns {MetaGraphDef[]}
 */
function decodeMetaGraphs(bytes, path) {
  const reader = new PbfReader(bytes);
  let metaGraphs;
  try {
    metaGraphs = decode(reader).meta_graphs;
    // The reader steps over an end that comes too early, or stops at a byte
    // that begins no field.
    if (reader.pos !== bytes.length) throw new RangeError("its last field does not end with it");
  } catch (cause) {
    const { message } = /** @type {Error} */ (cause);
    throw new SteleError("DATA_LOSS", `"${path}" is cut short or no SavedModel: ${message}`, {
      cause,
    });
  }
  if (metaGraphs.length === 0) {
    throw new SteleError("DATA_LOSS", `"${path}" holds no MetaGraphDef`);
  }
  return metaGraphs;
}

/**
 * @param {MetaGraphDef[]} metaGraphs
 * @param {readonly string[]} tags
 * @param {string} dir
 * @returns {MetaGraphDef}
 */
function selectMetaGraph(metaGraphs, tags, dir) {
  const wanted = tagSet(tags);
  const there = metaGraphs.map((metaGraph) => tagSet(metaGraph.meta_info_def?.tags ?? []));
  const index = there.indexOf(wanted);
  if (index < 0) {
    throw new SteleError(
      "NOT_FOUND",
      `"${dir}" has no graph with exactly the tags "${wanted}"; it has ` +
        there.map((set) => `"${set}"`).join(" and "),
    );
  }
  return metaGraphs[index];
}

/**
 * @param {readonly string[]} tags
 * @returns {string} equal for equal sets
 */
function tagSet(tags) {
  return [...new Set(tags)].sort().join(",");
}

/** @param {string} path */
async function requireFile(path) {
  try {
    await stat(path);
  } catch (error) {
    throw SteleError.fromSystem(error, path);
  }
}
