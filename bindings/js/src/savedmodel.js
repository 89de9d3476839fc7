// A SavedModel on disk: what has to be right before TensorFlow sees it.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { PbfReader } from "pbf";
import { readSavedModel as decode } from "./_proto/saved_model.js";
import { SteleError } from "./errors.js";
import { readRegularFile, requireRegularFile } from "./files.js";
import { savedModelFile } from "./folder.js";

/**
 * @typedef {object} MetaGraphDef MetaGraphDef of saved_model.proto, decoded
 * @property {{ tags: string[] }} [meta_info_def]
 * @property {Uint8Array} [saver_def]
 * @property {Record<string, import("./signature.js").SignatureDef>} signature_def
 */

/** @typedef {MetaGraphDef["signature_def"]} SignatureDefs */

/**
 * Reads the signatures of a SavedModel, and checks what TensorFlow would load
 * in silence without: the graph with these tags and the index of its variables.
 *
 * @param {string} dir
 * @param {readonly string[]} tags
 * @returns {Promise<SignatureDefs>} for `readSignatures`
 * @throws {SteleError} NOT_FOUND: no SavedModel there, no graph with exactly these tags, no index of
 *   the variables; DATA_LOSS: a file is cut short, a Git LFS pointer or no file at all; UNIMPLEMENTED:
 *   the model is in text form
 */
export async function readSavedModel(dir, tags) {
  const path = await savedModelFile(dir);
  const metaGraphs = decodeMetaGraphs(await readRegularFile(path), path);
  const metaGraph = selectMetaGraph(metaGraphs, tags, dir);
  if (metaGraph.saver_def !== undefined) await requireVariables(join(dir, "variables"));
  return metaGraph.signature_def;
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
  const sets = metaGraphs.map((metaGraph) => tagSet(metaGraph.meta_info_def?.tags ?? []));
  const index = sets.indexOf(wanted);
  if (index < 0) {
    throw new SteleError(
      "NOT_FOUND",
      `"${dir}" has no graph with exactly the tags "${wanted}"; it has ` +
        sets.map((set) => `"${set}"`).join(" and "),
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

/**
 * @param {string} folder
 * @throws {SteleError} NOT_FOUND: no index; DATA_LOSS: what TensorFlow would read is no such file
 */
async function requireVariables(folder) {
  await requireRegularFile(join(folder, "variables.index"));
  const names = await readdir(folder);
  const data = names.filter((name) => name.startsWith("variables.data-"));
  await Promise.all(data.map((name) => requireRegularFile(join(folder, name))));
}
