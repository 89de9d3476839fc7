// The typed form of a tensor: InferTensorContents of open_inference.proto.

import { PbfReader } from "pbf";
import { SteleError } from "../errors.js";
import { checkTensor } from "../tensor.js";
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
} from "../typed-fields.js";

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

const INTS = ints("int_contents");
const UINTS = uints("uint_contents");

/**
 * The field that holds a dtype's elements. FP16, BF16, C64 and C128 have none.
 *
 * @type {Partial<Record<DType, import("../typed-fields.js").Field>>}
 */
const FIELDS = {
  BOOL: bools("bool_contents"),
  INT8: INTS,
  INT16: INTS,
  INT32: INTS,
  INT64: int64s("int64_contents"),
  UINT8: UINTS,
  UINT16: UINTS,
  UINT32: UINTS,
  UINT64: uint64s("uint64_contents"),
  FP32: floats("fp32_contents", 4),
  FP64: floats("fp64_contents", 8),
  BYTES: byteStrings("bytes_contents"),
};

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
  const expected = FIELDS[dtype];
  const reader = new PbfReader(bytes);
  /** @type {import("../typed-fields.js").Item[]} */
  const items = [];
  for (let number = reader.nextField(); number !== 0; number = reader.nextField()) {
    const name = NAMES[number];
    if (name === undefined) continue; // a newer field, which the reader skips
    if (expected === undefined) {
      throw invalid(`${what} has dtype ${dtype}, which travels in raw contents only`);
    }
    if (name !== expected.name) {
      throw invalid(`${what} has ${name}; ${dtype} is in ${expected.name}`);
    }
    readField(reader, expected, items);
  }
  requireWhole(reader);
  return checkTensor(what, { dtype, shape, data: pack(what, dtype, items) });
}

/** @param {string} message */
function invalid(message) {
  return new SteleError("INVALID_ARGUMENT", message);
}
