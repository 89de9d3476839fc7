// TensorFlow's own message of a tensor, in which a SavedModel has the defaults
// of its signatures' inputs.

import { PbfReader } from "pbf";
import { readTensorShape } from "./_proto/saved_model.js";
import { DTYPES, dtypeByNumber } from "./dtypes.js";
import { fromRaw } from "./raw.js";
import { elementCount } from "./shape.js";
import { checkTensor } from "./tensor.js";
import {
  bools,
  byteStrings,
  floats,
  int64s,
  ints,
  pack,
  readField,
  requireWhole,
  uint64s,
  uints,
} from "./typed-fields.js";

/**
 * @typedef {import("./dtypes.js").DType} DType
 * @typedef {import("./tensor.js").Tensor} Tensor
 * @typedef {import("./typed-fields.js").Field} Field
 * @typedef {import("./typed-fields.js").Item} Item
 */

const DTYPE = 1;
const SHAPE = 2;
const CONTENT = 4;
/** The most bytes that a few values may stand for: a few bytes could ask for any number. */
const MOST_FILLED = 64 * 2 ** 20;
/** What libstele counts for a string. */
const STRING_SIZE = 16;

const INTS = ints("int_val");
const HALVES = ints("half_val");

/** The fields of typed values by number, each with the dtypes that are in it. */
const FIELDS = new Map(
  /** @type {[number, [Field, DType[]]][]} */ ([
    [5, [floats("float_val", 4), ["FP32"]]],
    [6, [floats("double_val", 8), ["FP64"]]],
    [7, [INTS, ["INT8", "INT16", "INT32", "UINT8", "UINT16"]]],
    [8, [byteStrings("string_val"), ["BYTES"]]],
    [9, [floats("scomplex_val", 4), ["C64"]]],
    [10, [int64s("int64_val"), ["INT64"]]],
    [11, [bools("bool_val"), ["BOOL"]]],
    [12, [floats("dcomplex_val", 8), ["C128"]]],
    [13, [HALVES, ["FP16", "BF16"]]],
    [16, [uints("uint32_val"), ["UINT32"]]],
    [17, [uint64s("uint64_val"), ["UINT64"]]],
  ]),
);

/**
 * @param {string} what names the tensor in messages
 * @param {Uint8Array} bytes a serialized TensorProto
 * @returns {Tensor}
 * @throws {Error} it cannot be read
 */
export function readTensorProto(what, bytes) {
  const { dtype, shape, content, values } = readFields(bytes);
  const info = dtypeByNumber(dtype);
  if (info === undefined) throw new RangeError(`${what} has dtype TF_${dtype}`);
  const count = elementCount(what, shape);
  if (content.length > 0 && info.name !== "BYTES") return fromRaw(what, info.name, shape, content);
  const data =
    content.length > 0
      ? unpackStrings(content, count)
      : repeatLast(pack(what, info.name, values.get(info.name) ?? []), info.name, count);
  return checkTensor(what, { dtype: info.name, shape, data });
}

/**
 * @param {Uint8Array} content strings as TensorFlow packs them: all lengths as varints, then all bytes
 * @param {number} count
 * @returns {Uint8Array[]}
 * @throws {RangeError} it is another number of them, or cut
 */
function unpackStrings(content, count) {
  if (count > content.length) throw new RangeError("there are more strings than lengths");
  const reader = new PbfReader(content);
  const lengths = Array.from({ length: count }, () => reader.readVarint());
  const strings = lengths.map((length) => {
    const start = reader.pos;
    reader.pos += length;
    return content.slice(start, reader.pos);
  });
  requireWhole(reader);
  return strings;
}

/**
 * @param {Uint8Array} bytes
 * @returns {{ dtype: number, shape: number[], content: Uint8Array, values: Map<DType, Item[]> }}
 */
function readFields(bytes) {
  const reader = new PbfReader(bytes);
  const values = new Map();
  let dtype = 0;
  let content = new Uint8Array();
  /** @type {number[]} */
  let shape = [];
  for (let number = reader.nextField(); number !== 0; number = reader.nextField()) {
    const typed = FIELDS.get(number);
    if (number === DTYPE) dtype = reader.readVarint();
    else if (number === SHAPE) shape = readShape(reader.readBytes());
    else if (number === CONTENT) content = new Uint8Array(reader.readBytes());
    else if (typed !== undefined) {
      const [field, dtypes] = typed;
      const items = values.get(dtypes[0]) ?? [];
      readField(reader, field, items);
      for (const name of dtypes) values.set(name, items);
    }
  }
  requireWhole(reader);
  return { dtype, shape, content, values };
}

/**
 * @param {Uint8Array} bytes a TensorShapeProto
 * @returns {number[]}
 */
function readShape(bytes) {
  const { dim, unknown_rank } = readTensorShape(new PbfReader(bytes), bytes.length);
  if (unknown_rank) throw new RangeError("a tensor of unknown rank");
  return dim.map(({ size }) => size);
}

/**
 * As TensorFlow reads typed values: the last one stands for all that are not there, zero if none is.
 *
 * @param {any} data the values
 * @param {DType} dtype
 * @param {number} count of elements
 * @returns {any}
 * @throws {RangeError} half a complex number, or too many elements to fill
 */
function repeatLast(data, dtype, count) {
  const { array, lanes, size } = DTYPES[dtype];
  if (data.length % lanes !== 0) throw new RangeError("half a complex number");
  if (data.length >= count * lanes) return data; // too many are refused with the tensor
  if (count * (size || STRING_SIZE) > MOST_FILLED) throw new RangeError("too many to fill");
  if (array === undefined) {
    const last = data.at(-1) ?? new Uint8Array();
    return Array.from({ length: count }, (_, i) => data[i] ?? last);
  }
  const all = /** @type {any} */ (new array(count * lanes));
  all.set(data);
  for (let i = data.length; i < all.length && data.length > 0; i++) all[i] = all[i - lanes];
  return all;
}
