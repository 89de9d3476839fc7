// Signatures: the ways to call a model, as its MetaGraphDef describes them.

import { dtypeByNumber } from "./dtypes.js";
import { fits } from "./shape.js";
import { readTensorProto } from "./tensor-proto.js";

/**
 * One input or output of a signature.
 *
 * @typedef {object} TensorSpec
 * @property {string} name
 * @property {string} dtype one of `DTYPES`; `TF_<number>` for one that has no name here
 * @property {import("./shape.js").PartialShape} shape
 * @property {string} endpoint `op:index` in the graph; empty for a sparse or composite tensor
 * @property {import("./tensor.js").Tensor} [default] of an input: what it is when it is not given
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
 * @property {Record<string, Uint8Array>} [defaults] TensorProtos by input
 */

/** @typedef {import("./shape.js").PartialShape} PartialShape */

/** TensorFlow's own entries among the signatures, such as `__saved_model_init_op`. */
const INTERNAL = "__saved_model_";

/** The dtype of a reference variable is that of its value, and this. */
const REFERENCE = 100;

/**
 * @param {Record<string, SignatureDef>} defs
 * @param {(endpoint: string) => PartialShape} [graphShape] of a tensor whose shape the signature does
 *   not say; nothing is known of it unless given
 * @returns {Signatures}
 */
export function readSignatures(defs, graphShape = () => null) {
  const users = Object.entries(defs).filter(([name]) => !name.startsWith(INTERNAL));
  return sortedRecord(
    users.map(([name, { inputs, outputs, defaults = {} }]) => [
      name,
      Object.freeze({
        inputs: readSpecs(inputs, graphShape, defaults),
        outputs: readSpecs(outputs, graphShape, {}),
      }),
    ]),
  );
}

/**
 * @param {Record<string, TensorInfo>} infos
 * @param {(endpoint: string) => PartialShape} graphShape
 * @param {Record<string, Uint8Array>} defaults
 * @returns {Readonly<Record<string, TensorSpec>>}
 */
function readSpecs(infos, graphShape, defaults) {
  return sortedRecord(
    Object.entries(infos).map(([name, info]) => {
      const number = info.dtype > REFERENCE ? info.dtype - REFERENCE : info.dtype;
      const shape = info.tensor_shape ? readShape(info.tensor_shape) : graphShape(info.name);
      const spec = {
        name,
        dtype: dtypeByNumber(number)?.name ?? `TF_${number}`,
        shape: Object.freeze(shape),
        endpoint: info.name,
      };
      const value = Object.hasOwn(defaults, name) ? readDefault(spec, defaults[name]) : undefined;
      return [name, Object.freeze(value === undefined ? spec : { ...spec, default: value })];
    }),
  );
}

/**
 * @param {TensorSpec} spec of an input
 * @param {Uint8Array} bytes the TensorProto that its signature has for it
 * @returns {import("./tensor.js").Tensor | undefined} undefined when it cannot be read or does not fit:
 *   the caller has to give the input
 */
export function readDefault({ name, dtype, shape }, bytes) {
  try {
    const value = readTensorProto(`default of input "${name}"`, bytes);
    return value.dtype === dtype && fits(value.shape, shape) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {NonNullable<TensorInfo["tensor_shape"]>} shape
 * @returns {PartialShape}
 */
function readShape({ dim, unknown_rank }) {
  return unknown_rank ? null : dim.map(({ size }) => (size < 0 ? null : size));
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
