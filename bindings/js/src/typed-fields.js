// The elements of a tensor in typed fields of a protocol buffer, read field by
// field, so that 64-bit integers and the bits of floats stay as they are.

import { PbfReader } from "pbf";
import { DTYPES } from "./dtypes.js";
import { SteleError } from "./errors.js";
import { asBytes } from "./raw.js";

/** @typedef {import("./dtypes.js").DType} DType */

/** The wire type of what has a length: bytes, and packed elements. */
const LENGTH_DELIMITED = 2;

/** @typedef {number | bigint | Uint8Array} Item one element, or bytes of floats */

/**
 * @typedef {object} Field
 * @property {string} name
 * @property {(reader: PbfReader) => Item} read
 * @property {boolean} packed whether `read` is to be repeated where elements are packed
 */

/**
 * @param {string} name
 * @returns {Field} of BOOL
 */
export const bools = (name) => field(name, (reader) => Number(reader.readBoolean()));

/**
 * @param {string} name
 * @returns {Field} of integers of up to 32 bits
 */
export const ints = (name) => field(name, (reader) => reader.readVarint(true));

/**
 * @param {string} name
 * @returns {Field} of unsigned integers of up to 32 bits
 */
export const uints = (name) => field(name, (reader) => reader.readVarint());

/**
 * @param {string} name
 * @returns {Field}
 */
export const int64s = (name) => field(name, (reader) => BigInt.asIntN(64, readVarint64(reader)));

/**
 * @param {string} name
 * @returns {Field}
 */
export const uint64s = (name) => field(name, readVarint64);

/**
 * As bytes: a number would lose the payload of a signalling NaN.
 *
 * @param {string} name
 * @param {4 | 8} size bytes of one
 * @returns {Field}
 */
export const floats = (name, size) => field(name, (reader) => readFloats(reader, size), false);

/**
 * @param {string} name
 * @returns {Field} of BYTES
 */
export const byteStrings = (name) =>
  field(name, (reader) => new Uint8Array(reader.readBytes()), false);

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
 * @param {PbfReader} reader at the field
 * @param {Field} field
 * @param {Item[]} items receives what is read
 * @throws {RangeError} the bytes are no such field
 */
export function readField(reader, { read, packed }, items) {
  if (!packed || reader.type !== LENGTH_DELIMITED) {
    items.push(read(reader));
    return;
  }
  const run = new PbfReader(reader.readBytes());
  while (run.pos < run.length) items.push(read(run));
  requireWhole(run);
}

/**
 * @param {PbfReader} reader which steps over an end that comes too early
 * @throws {RangeError} it did, or stopped before the end
 */
export function requireWhole({ pos, length }) {
  if (pos !== length) throw new RangeError("contents do not end with their last field");
}

/**
 * @param {string} what names the tensor in messages
 * @param {DType} dtype
 * @param {Item[]} items of its field
 * @returns {any} the array that holds them
 * @throws {SteleError} INVALID_ARGUMENT: one that the dtype cannot hold, or half a float
 */
export function pack(what, dtype, items) {
  const { array } = DTYPES[dtype];
  if (array === undefined) return items;
  if (items[0] instanceof Uint8Array) {
    const bytes = Buffer.concat(/** @type {Uint8Array[]} */ (items));
    const data = new array(Math.floor(bytes.length / new array(0).BYTES_PER_ELEMENT));
    if (data.byteLength === bytes.length) {
      asBytes(data).set(bytes);
      return data;
    }
    throw invalid(`${what}: ${bytes.length} bytes are no whole number of ${dtype} elements`);
  }
  const data = /** @type {any} */ (array).from(items);
  const index = items.findIndex((item, i) => item !== data[i]);
  if (index < 0) return data;
  throw invalid(`${what} has ${items[index]} at element ${index}, which is no ${dtype}`);
}

/** @param {string} message */
function invalid(message) {
  return new SteleError("INVALID_ARGUMENT", message);
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
