// The typed form of a tensor: InferTensorContents of open_inference.proto, read
// field by field, so that 64-bit integers and the bits of floats stay as they are.

import { PbfReader } from "pbf";
import { DTYPES } from "../dtypes.js";
import { SteleError } from "../errors.js";
import { fromRaw } from "../raw.js";
import { checkTensor } from "../tensor.js";

/**
 * @typedef {import("../dtypes.js").DType} DType
 * @typedef {import("../tensor.js").Tensor} Tensor
 */

/** The fields by number. */
const NAMES = [
  "",
  "bool_contents",
  "int_contents",
  "int64_contents",
  "uint_contents",
  "uint64_contents",
  "fp32_contents",
  "fp64_contents",
  "bytes_contents",
];

/** The wire type of what has a length: bytes, and packed elements. */
const LENGTH_DELIMITED = 2;

/** @typedef {number | bigint | Uint8Array} Item one element, or bytes of floats */

/**
 * @typedef {object} Field
 * @property {string} name
 * @property {(reader: PbfReader) => Item} read
 * @property {boolean} packed whether `read` is to be repeated where elements are packed
 */

const BOOLS = field("bool_contents", (reader) => Number(reader.readBoolean()));
const INTS = field("int_contents", (reader) => reader.readVarint(true));
const UINTS = field("uint_contents", (reader) => reader.readVarint());

/**
 * The field that holds a dtype's elements. FP16, BF16, C64 and C128 have none.
 *
 * @type {Partial<Record<DType, Field>>}
 */
const FIELDS = {
  BOOL: BOOLS,
  INT8: INTS,
  INT16: INTS,
  INT32: INTS,
  INT64: field("int64_contents", (reader) => BigInt.asIntN(64, readVarint64(reader))),
  UINT8: UINTS,
  UINT16: UINTS,
  UINT32: UINTS,
  UINT64: field("uint64_contents", readVarint64),
  // As bytes: a number would lose the payload of a signalling NaN.
  FP32: field("fp32_contents", (reader) => readFloats(reader, 4), false),
  FP64: field("fp64_contents", (reader) => readFloats(reader, 8), false),
  BYTES: field("bytes_contents", (reader) => new Uint8Array(reader.readBytes()), false),
};

/**
 * @param {string} name
 * @param {Field["read"]} read
 * @param {boolean} [packed]
 * @returns {Field}
 */
function field(name, read, packed = true) {
  return { name, read, packed };
}

/**
 * @param {string} what names the tensor in messages
 * @param {DType} dtype
 * @param {readonly number[]} shape
 * @param {Uint8Array} bytes InferTensorContents
 * @returns {Tensor}
 * @throws {SteleError} INVALID_ARGUMENT: elements in another dtype's field, not as many as the shape
 *   needs, one that the dtype cannot hold, a dtype without a typed form
 * @throws {RangeError} the bytes are no InferTensorContents
 */
export function readContents(what, dtype, shape, bytes) {
  const due = FIELDS[dtype];
  const reader = new PbfReader(bytes);
  /** @type {Item[]} */
  const found = [];
  for (let number = reader.nextField(); number !== 0; number = reader.nextField()) {
    const name = NAMES[number];
    if (name === undefined) continue; // a newer field, which the reader skips
    if (due === undefined) {
      throw invalid(`${what} has dtype ${dtype}, which travels in raw contents only`);
    }
    if (name !== due.name) throw invalid(`${what} has ${name}; ${dtype} is in ${due.name}`);
    readField(reader, due, found);
  }
  requireWhole(reader);
  return dtype === "FP32" || dtype === "FP64"
    ? fromRaw(what, dtype, shape, Buffer.concat(/** @type {Uint8Array[]} */ (found)))
    : checkTensor(what, { dtype, shape, data: pack(what, dtype, found) });
}

/**
 * @param {PbfReader} reader
 * @param {Field} field
 * @param {Item[]} found receives what is read
 */
function readField(reader, { read, packed }, found) {
  if (!packed || reader.type !== LENGTH_DELIMITED) {
    found.push(read(reader));
    return;
  }
  const run = new PbfReader(reader.readBytes());
  while (run.pos < run.length) found.push(read(run));
  requireWhole(run);
}

/**
 * @param {PbfReader} reader which steps over an end that comes too early
 * @throws {RangeError} it did, or stopped before the end
 */
function requireWhole({ pos, length }) {
  if (pos !== length) throw new RangeError("contents do not end with their last field");
}

/**
 * @param {PbfReader} reader
 * @returns {bigint} unsigned
 */
function readVarint64(reader) {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = reader.buf[reader.pos++];
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return BigInt.asUintN(64, value);
  }
  throw new RangeError("a varint has more than ten bytes");
}

/**
 * @param {PbfReader} reader
 * @param {number} size bytes of one
 * @returns {Uint8Array} of one, or of all that are packed together
 */
function readFloats(reader, size) {
  if (reader.type === LENGTH_DELIMITED) return reader.readBytes();
  reader.pos += size;
  return reader.buf.subarray(reader.pos - size, reader.pos);
}

/**
 * @param {string} what
 * @param {DType} dtype
 * @param {Item[]} elements
 * @returns {unknown} the array that holds them
 */
function pack(what, dtype, elements) {
  const { array } = DTYPES[dtype];
  if (array === undefined) return elements;
  const data = /** @type {any} */ (array).from(elements);
  const index = elements.findIndex((element, i) => element !== data[i]);
  if (index < 0) return data;
  throw invalid(`${what} has ${elements[index]} at element ${index}, which is no ${dtype}`);
}

/** @param {string} message */
function invalid(message) {
  return new SteleError("INVALID_ARGUMENT", message);
}
