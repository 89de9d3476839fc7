// Typed contents, written by another implementation of protobuf or by hand.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DTYPES } from "tf-stele/remote";
import { readContents } from "../src/remote/contents.js";
import { bits, tensors } from "./helpers/arbitrary.js";
import { steleError } from "./helpers/environment.js";
import { encode } from "./helpers/inference-server.js";

/** @typedef {keyof typeof DTYPES} DType */

/** @type {Partial<Record<DType, string>>} */
const FIELDS = {
  ...{ BOOL: "bool_contents", INT8: "int_contents", INT16: "int_contents", INT32: "int_contents" },
  ...{ INT64: "int64_contents", UINT8: "uint_contents", UINT16: "uint_contents" },
  ...{ UINT32: "uint_contents", UINT64: "uint64_contents", BYTES: "bytes_contents" },
  ...{ FP32: "fp32_contents", FP64: "fp64_contents" },
};

/**
 * @param {import("tf-stele/remote").Tensor} tensor
 * @returns {Buffer} InferTensorContents
 */
function typed({ dtype, data }) {
  const elements = Array.from(/** @type {Iterable<any>} */ (data), (element) =>
    typeof element === "bigint" ? String(element) : dtype === "BOOL" ? element === 1 : element,
  );
  return encode("inference.InferTensorContents", { [String(FIELDS[dtype])]: elements });
}

for (const dtype of /** @type {DType[]} */ (Object.keys(FIELDS))) {
  test(`${dtype}: every value arrives`, () => {
    // The other implementation's floats are JavaScript's numbers, whose NaN is one.
    const hasNaN = (/** @type {any} */ { data }) => Array.from(data).some(Number.isNaN);
    const whole = tensors(dtype).filter((tensor) => !/^FP/.test(dtype) || !hasNaN(tensor));
    fc.assert(
      fc.property(whole, (tensor) => {
        const back = readContents("x", dtype, tensor.shape, typed(tensor));
        assert.deepEqual(bits(back), bits(tensor));
      }),
    );
  });
}

test("64-bit integers are exact at their limits, packed and not", () => {
  const limits = BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n, -1n, 2n ** 53n + 1n);
  const packed = typed({ dtype: "INT64", shape: [4], data: limits });
  assert.deepEqual(readContents("x", "INT64", [4], packed).data, limits);
  const minusOne = [0x18, ...new Array(9).fill(0xff), 0x01]; // field 3, a varint
  const unpacked = Uint8Array.from([...minusOne, 0x18, 0x05]);
  assert.deepEqual(readContents("x", "INT64", [2], unpacked).data, BigInt64Array.of(-1n, 5n));
  const most = BigUint64Array.of(2n ** 64n - 1n);
  const unsigned = typed({ dtype: "UINT64", shape: [1], data: most });
  assert.deepEqual(readContents("x", "UINT64", [1], unsigned).data, most);
});

test("the payload of a signalling NaN arrives, packed and not", () => {
  const nan = [0x01, 0x00, 0xa0, 0x7f]; // 0x7fa00001
  const packed = Uint8Array.from([0x32, 8, ...nan, 0, 0, 0x80, 0x3f]); // field 6, with a length
  const unpacked = Uint8Array.from([0x35, ...nan, 0x35, 0, 0, 0x80, 0x3f]); // field 6, 32 bits
  for (const bytes of [packed, unpacked]) {
    const { data } = readContents("x", "FP32", [2], bytes);
    assert.equal(
      Buffer.from(/** @type {Float32Array} */ (data).buffer).toString("hex"),
      "0100a07f0000803f",
    );
  }
});

test("elements that come in several runs", () => {
  const bytes = Uint8Array.from([0x12, 2, 1, 2, 0x10, 3, 0x12, 1, 4]); // field 2
  assert.deepEqual(readContents("x", "INT8", [4], bytes).data, Int8Array.of(1, 2, 3, 4));
});

test("empty tensors of every dtype have no contents", () => {
  for (const dtype of /** @type {DType[]} */ (Object.keys(DTYPES))) {
    assert.deepEqual(readContents("x", dtype, [0, 3], Uint8Array.of()).shape, [0, 3]);
  }
});

test("a field of a newer protocol is stepped over", () => {
  const bytes = Uint8Array.from([0x7a, 1, 9, 0x12, 1, 7]); // field 15, then field 2
  assert.deepEqual(readContents("x", "INT32", [], bytes).data, Int32Array.of(7));
});

/** @type {[string, DType, number[], number[], string][]} */
const rows = [
  ["too few elements", "INT32", [2], [0x12, 1, 7], "needs 2 items of data, not 1"],
  ["too many elements", "INT32", [], [0x12, 2, 7, 7], "needs 1 items of data, not 2"],
  ["none", "FP32", [1], [], "needs 1 items of data, not 0"],
  ["another dtype's field", "INT32", [1], [0x32, 4, 0, 0, 0, 0], "fp32_contents"],
  ["a value too large", "INT8", [1], [0x12, 2, 0x80, 0x01], "128"],
  ["a negative one", "UINT8", [1], [0x20, ...new Array(9).fill(0xff), 0x01], "UINT8"],
  ["a dtype without a typed form", "FP16", [1], [0x20, 1], "raw contents only"],
  ["half a float", "FP32", [1], [0x32, 2, 0, 0], "2 bytes"],
];

for (const [what, dtype, shape, bytes, mention] of rows) {
  test(`refused: ${what}`, () => {
    assert.throws(
      () => readContents('output "x"', dtype, shape, Uint8Array.from(bytes)),
      steleError("INVALID_ARGUMENT", 'output "x"', mention),
    );
  });
}

/** @type {[string, DType, number[]][]} */
const damaged = [
  ["an element cut short", "BYTES", [0x42, 5, 65]],
  ["packed elements cut short", "INT32", [0x12, 5, 1]],
  ["a varint cut short", "INT64", [0x1a, 1, 0x80]],
  ["a varint without an end", "INT64", [0x1a, 11, ...new Array(11).fill(0xff)]],
  ["a float cut short", "FP32", [0x35, 0, 0]],
  ["no field at all", "INT32", [0x00, 0x12, 1, 7]],
];

for (const [what, dtype, bytes] of damaged) {
  test(`damaged: ${what}`, () => {
    assert.throws(() => readContents("x", dtype, [1], Uint8Array.from(bytes)));
  });
}
