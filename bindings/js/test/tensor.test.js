import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import {
  bytesFromStrings,
  DTYPES,
  formatShape,
  stringsFromBytes,
  tensor,
  toNested,
} from "tf-stele";
import { fromNested } from "../src/nested.js";
import { steleError } from "./helpers/environment.js";

/** @type {(...args: any[]) => any} wrong arguments on purpose */
const make = tensor;

test("the table of dtypes is the protocol's", () => {
  assert.deepEqual(
    Object.values(DTYPES).map(({ name, number, size }) => `${name} ${number} ${size}`),
    [
      ...["BOOL 10 1", "INT8 6 1", "INT16 5 2", "INT32 3 4", "INT64 9 8"],
      ...["UINT8 4 1", "UINT16 17 2", "UINT32 22 4", "UINT64 23 8"],
      ...["FP16 19 2", "BF16 14 2", "FP32 1 4", "FP64 2 8", "C64 8 8", "C128 18 16", "BYTES 7 0"],
    ],
  );
});

test("tensor keeps its data and copies its shape", () => {
  const data = Float32Array.of(1, 2, 3, 4, 5, 6);
  const shape = [2, 3];
  const made = tensor("FP32", shape, data);
  shape[0] = 100;
  assert.deepEqual(made, { dtype: "FP32", shape: [2, 3], data });
  assert.equal(made.data, data);
});

test("tensor accepts scalars, empty tensors, strings and arrays of other realms", () => {
  assert.equal(tensor("INT64", [], BigInt64Array.of(7n)).data.length, 1);
  assert.equal(tensor("FP32", [0, 5], new Float32Array()).data.length, 0);
  assert.equal(tensor("FP32", [2 ** 40, 0, 2 ** 20], new Float32Array()).data.length, 0);
  assert.deepEqual(make("BYTES", [2], ["é", Buffer.of(0)]).data, [
    Uint8Array.of(0xc3, 0xa9),
    Buffer.of(0),
  ]);
  assert.equal(make("INT8", [1], runInNewContext("Int8Array.of(1)")).data.length, 1);
});

const invalid = {
  "an unknown dtype": [["FLOAT", [1], Float32Array.of(1)], "FLOAT"],
  "no dtype": [[undefined, [1], Float32Array.of(1)], "undefined"],
  "a dtype that every object has": [["constructor", [1], Float32Array.of(1)], "constructor"],
  "no shape": [["FP32", undefined, Float32Array.of(1)], "shape"],
  "a shape that is a number": [["FP32", 1, Float32Array.of(1)], "shape"],
  "a negative dimension": [["FP32", [-1], Float32Array.of(1)], "-1"],
  "a fractional dimension": [["FP32", [1.5], Float32Array.of(1)], "1.5"],
  "a dimension that is a string": [["FP32", ["1"], Float32Array.of(1)], "1"],
  "a dimension beyond all numbers": [["FP32", [Infinity], Float32Array.of(1)], "Infinity"],
  "a hole in the shape": [["FP32", new Array(1), Float32Array.of(1)], "undefined"],
  "too many elements": [["FP32", [2 ** 32, 2 ** 31], Float32Array.of(1)], "2^63-1"],
  "too many elements times 0": [["FP32", [2 ** 32, 2 ** 31, 0], new Float32Array()], "2^63-1"],
  "too high a rank": [["FP32", new Array(255).fill(1), Float32Array.of(1)], "255"],
  "too few items": [["FP32", [2], Float32Array.of(1)], "2"],
  "too many items": [["FP32", [], Float32Array.of(1, 2)], "[]"],
  "half a complex number": [["C64", [1], Float32Array.of(1)], "2"],
  "an array of another class": [["FP32", [1], Float64Array.of(1)], "Float64Array"],
  "a plain array": [["FP32", [1], [1]], "Array"],
  "a DataView": [["UINT8", [1], new DataView(new ArrayBuffer(1))], "object"],
  "data that only claims to be one": [
    ["FP32", [1], { length: 1, [Symbol.toStringTag]: "Float32Array" }],
    "object",
  ],
  "no data": [["FP32", [1]], "undefined"],
  "a BOOL of 2": [["BOOL", [3], Uint8Array.of(0, 1, 2)], "2"],
  "bytes that are numbers": [["BYTES", [1], [5]], "number"],
  "bytes that are one array": [["BYTES", [1], Uint8Array.of(1)], "Uint8Array"],
};

for (const [what, [args, mention]] of Object.entries(invalid)) {
  test(`tensor refuses ${what}`, () => {
    assert.throws(
      () => make(.../** @type {any[]} */ (args)),
      steleError("INVALID_ARGUMENT", String(mention)),
    );
  });
}

test("nested arrays become tensors and come back, for every dtype", () => {
  /** @type {Record<string, unknown>} */
  const values = {
    BOOL: [[true, false]],
    INT8: [[-128], [127]],
    INT16: [-32768, 32767],
    INT32: [[[-(2 ** 31)]], [[2 ** 31 - 1]]],
    INT64: [-(2n ** 63n), 2n ** 63n - 1n],
    UINT8: [255],
    UINT16: [65535],
    UINT32: [2 ** 32 - 1],
    UINT64: [2n ** 64n - 1n],
    FP16: [1.5, -0, Infinity],
    BF16: [[], []],
    FP32: 0.5,
    FP64: [0.1],
    C64: [
      [1, 2],
      [3, 4],
    ],
    C128: [0.1, -0.2],
    BYTES: [[Uint8Array.of(0, 255)], [new Uint8Array()]],
  };
  for (const dtype of /** @type {(keyof typeof DTYPES)[]} */ (Object.keys(DTYPES))) {
    const flat = fromNested("x", dtype, values[dtype]);
    assert.deepEqual(toNested(make(flat.dtype, flat.shape, flat.data)), values[dtype], dtype);
  }
  assert.deepEqual(fromNested("x", "C64", [[[1, 2]], [[3, 4]]]).shape, [2, 1]);
  assert.deepEqual(fromNested("x", "BF16", [[], []]).shape, [2, 0]);
  assert.deepEqual(fromNested("x", "INT64", [1, 2n]).data, BigInt64Array.of(1n, 2n));
});

/** @type {unknown[]} */
const endless = [];
endless.push(endless);

/** @type {Record<string, [keyof typeof DTYPES, unknown, string]>} */
const malformed = {
  "rows of different lengths": ["FP32", [[1, 2], [3]], "[1]"],
  "rows of different depths": ["FP32", [[1], 2], "[1]"],
  "arrays in place of numbers": ["FP32", [1, [2]], "[1]"],
  "an array in itself": ["FP32", endless, "254"],
  "a number too large": ["UINT8", [0, 256], "256"],
  "a number too small": ["INT8", [-129], "-129"],
  "a bigint too large": ["INT64", [2n ** 63n], "9223372036854775808"],
  "a negative unsigned": ["UINT64", [-1n], "-1"],
  "a fraction for a whole number": ["INT32", [1.5], "1.5"],
  "an unsafe number for 64 bits": ["INT64", [2 ** 60], "1152921504606847000"],
  "NaN for a whole number": ["INT32", [Number.NaN], "NaN"],
  "a string for a number": ["FP32", ["1"], '"1"'],
  "a number for a string": ["BYTES", [1], "1"],
  "a number for a boolean": ["BOOL", [1], "1"],
  "no pair for a complex number": ["C64", [1, 2, 3], "imaginary"],
  "a scalar for a complex number": ["C64", 1, "imaginary"],
  "nothing at all": ["FP32", undefined, "undefined"],
  null: ["FP32", [null], "null"],
};

for (const [what, [dtype, nested, mention]] of Object.entries(malformed)) {
  test(`nested arrays: refuses ${what}`, () => {
    assert.throws(() => fromNested("x", dtype, nested), steleError("INVALID_ARGUMENT", mention));
  });
}

test("text to bytes and back; bytes that are no text are refused", () => {
  const texts = ["", "é", "\u{1f600}\0", "\ufeffmark"];
  assert.deepEqual(stringsFromBytes(bytesFromStrings(texts)), texts);
  assert.throws(
    () => stringsFromBytes([Uint8Array.of(65), Uint8Array.of(0xff)]),
    steleError("INVALID_ARGUMENT", "element 1"),
  );
});

test("shapes as messages write them", () => {
  assert.equal(formatShape([null, 8, 8, 1]), "[?,8,8,1]");
  assert.equal(formatShape([]), "[]");
  assert.equal(formatShape(null), "?");
});
