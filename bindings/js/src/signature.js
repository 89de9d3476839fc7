// Signatures: the ways to call a model, as its MetaGraphDef describes them.

import { dtypeByNumber } from "./dtypes.js";

/**
 * One input or output of a signature.
 *
 * @typedef {object} TensorSpec
 * @property {string} name
 * @property {string} dtype one of `DTYPES`; `TF_<number>` for one that has no name here
 * @property {import("./shape.js").PartialShape} shape
 * @property {string} endpoint `op:index` in the graph; empty for a sparse or composite tensor
 */

/**
 * @typedef {object} Signature
 * @property {Readonly<Record<string, TensorSpec>>} inputs by name, sorted
 * @property {Readonly<Record<string, TensorSpec>>} outputs by name, sorted
 */

/** @typedef {Readonly<Record<string, Signature>>} Signatures by name, sorted */

/**
 * @typedef {object} TensorInfo TensorInfo of saved_model.proto, decoded
 * @property {string} name
 * @property {number} dtype
 * @property {{ dim: { size: number }[], unknown_rank: boolean }} [tensor_shape]
 */

/**
 * @typedef {object} SignatureDef SignatureDef of saved_model.proto, decoded
 * @property {Record<string, TensorInfo>} inputs
 * @property {Record<string, TensorInfo>} outputs
 */

/** TensorFlow's own entries among the signatures, such as `__saved_model_init_op`. */
const INTERNAL = "__saved_model_";

/**
 * @param {Record<string, SignatureDef>} defs
 * @returns {Signatures}
 */
export function readSignatures(defs) {
  const users = Object.entries(defs).filter(([name]) => !name.startsWith(INTERNAL));
  return sortedRecord(
    users.map(([name, def]) => [
      name,
      Object.freeze({ inputs: readSpecs(def.inputs), outputs: readSpecs(def.outputs) }),
    ]),
  );
}

/**
 * @param {Record<string, TensorInfo>} infos
 * @returns {Readonly<Record<string, TensorSpec>>}
 */
function readSpecs(infos) {
  return sortedRecord(
    Object.entries(infos).map(([name, info]) => [
      name,
      Object.freeze({
        name,
        dtype: dtypeByNumber(info.dtype)?.name ?? `TF_${info.dtype}`,
        shape: readShape(info.tensor_shape),
        endpoint: info.name,
      }),
    ]),
  );
}

/**
 * @param {TensorInfo["tensor_shape"]} shape absent means that nothing is known, as in TensorFlow
 * @returns {import("./shape.js").PartialShape}
 */
function readShape(shape) {
  if (shape === undefined || shape.unknown_rank) return null;
  return Object.freeze(shape.dim.map(({ size }) => (size < 0 ? null : size)));
}

/**
 * @template T
 * @param {[string, T][]} entries
 * @returns {Readonly<Record<string, T>>} without a prototype: any name is a key like any other
 */
export function sortedRecord(entries) {
  // By UTF-8 bytes, so that every language lists a model's names in one order.
  const sorted = entries.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  /** @type {Record<string, T>} */
  const record = Object.create(null);
  for (const [name, value] of sorted) record[name] = value;
  return Object.freeze(record);
}
