// What a caller may give for an input, as one table for the model in this process and the one
// on a server: numbers and nested arrays are converted by value to the dtype asked for and
// refused where they do not fit; what has a dtype of its own is judged by it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DTYPES, Model, SteleError } from "tf-stele";
import { Model as Remote } from "tf-stele/remote";
import { bits } from "./helpers/arbitrary.js";
import { oddModel } from "./helpers/environment.js";
import { metadataOf, startServer, tensorInfo } from "./helpers/inference-server.js";

/** @typedef {import("tf-stele").DType} DType */

const ALL = /** @type {DType[]} */ (Object.keys(DTYPES));

/** Dtype, what is given, the shape and the data that reach the model. @type {[DType, any, number[], any][]} */
const ACCEPTED = [
  ["UINT8", [255], [1], Uint8Array.of(255)],
  ["INT8", 7, [], Int8Array.of(7)],
  ["INT64", [1, 2n, 2 ** 53 - 1], [3], BigInt64Array.of(1n, 2n, 2n ** 53n - 1n)],
  ["UINT64", [[2n ** 64n - 1n]], [1, 1], BigUint64Array.of(2n ** 64n - 1n)],
  ["BOOL", [true, false], [2], Uint8Array.of(1, 0)],
  ["FP32", [0.1, 1, -0], [3], Float32Array.of(0.1, 1, -0)],
  ["FP32", [3.4028235e38, Infinity, Number.NaN], [3], Float32Array.of(3.4028235e38, Infinity, NaN)],
  ["FP64", 1e308, [], Float64Array.of(1e308)],
  ["FP16", [65519, 2 ** -24], [2], Uint16Array.of(0x7bff, 1)],
  ["BF16", [1e38], [1], Uint16Array.of(0x7e96)],
  ["C64", [[1, -2]], [1], Float32Array.of(1, -2)],
  ["BYTES", ["é", Uint8Array.of(255, 0)], [2], [Uint8Array.of(0xc3, 0xa9), Uint8Array.of(255, 0)]],
  ["BYTES", "\u{1f600}", [], [Uint8Array.of(0xf0, 0x9f, 0x98, 0x80)]],
  ...ALL.map((dtype) => /** @type {any} */ ([dtype, [], [0], empty(dtype)])),
  ...ALL.map((dtype) => /** @type {any} */ ([dtype, [[], []], [2, 0], empty(dtype)])),
  // Typed arrays: alone, as rows, and as rows beside those of numbers.
  ["FP32", Float32Array.of(1, 2), [2], Float32Array.of(1, 2)],
  ["FP32", [Float32Array.of(1, 2), Float32Array.of(3, 4)], [2, 2], Float32Array.of(1, 2, 3, 4)],
  ["FP32", [[Float32Array.of(1)], [[2]]], [2, 1, 1], Float32Array.of(1, 2)],
  ["INT64", [BigInt64Array.of(1n), [2]], [2, 1], BigInt64Array.of(1n, 2n)],
  ["UINT8", [Buffer.of(1, 2)], [1, 2], Uint8Array.of(1, 2)],
  ["FP16", [Uint16Array.of(0x3c00)], [1, 1], Uint16Array.of(0x3c00)],
  ["C128", [Float64Array.of(1, 2, 3, 4)], [1, 2], Float64Array.of(1, 2, 3, 4)],
  ["BYTES", Uint8Array.of(1, 2), [], [Uint8Array.of(1, 2)]],
];

/** Dtype, what is given, and the message after `input "x" `. @type {[DType, any, string][]} */
const REFUSED = [
  ["UINT8", [256], "has 256 at [0], which is no UINT8"],
  ["UINT8", [0, -1], "has -1 at [1], which is no UINT8"],
  ["INT8", [[128]], "has 128 at [0,0], which is no INT8"],
  ["INT32", 1.5, "has 1.5 at [], which is no INT32"],
  ["INT32", [true], "has true at [0], which is no INT32"],
  ["INT32", [1n], "has 1 at [0], which is no INT32"],
  ["INT64", [2 ** 53], "has 9007199254740992 at [0], which is no INT64"],
  ["INT64", [2n ** 63n], "has 9223372036854775808 at [0], which is no INT64"],
  ["UINT64", [-1n], "has -1 at [0], which is no UINT64"],
  ["BOOL", [1], "has 1 at [0], which is no BOOL"],
  ["FP32", [1e39], "has 1e+39 at [0], which is no FP32"],
  ["FP32", ["1"], 'has "1" at [0], which is no FP32'],
  ["FP16", [65520], "has 65520 at [0], which is no FP16"],
  ["BF16", [3.4e38], "has 3.4e+38 at [0], which is no BF16"],
  ["C64", [[0, -1e39]], "has -1e+39 at [0,1], which is no C64"],
  ["BYTES", [1], "has 1 at [0], which is no BYTES"],
  ["BYTES", ["a", "b\ud800"], ": element 1 has a lone surrogate, which UTF-8 cannot hold"],
  ["BYTES", ["\udc00\ud800"], ": element 0 has a lone surrogate, which UTF-8 cannot hold"],
  ["FP32", [[1, 2], [3]], "has an array of 1 items at [1], where the first row has 2 items"],
  ["FP32", Float64Array.of(1), "of dtype FP32 needs its data as Float32Array, not Float64Array"],
  ["FP32", [Float64Array.of(1)], "of dtype FP32 has a Float64Array at [0], expected Float32Array"],
  ["INT64", [Int32Array.of(1)], "of dtype INT64 has a Int32Array at [0], expected BigInt64Array"],
  [
    "FP32",
    [Float32Array.of(1, 2), Float32Array.of(3)],
    "has a Float32Array at [1], where the first row has 2 items",
  ],
  [
    "FP32",
    { dtype: "FP64", shape: [1], data: Float64Array.of(1) },
    "has dtype FP64, expected FP32",
  ],
  [
    "BYTES",
    { dtype: "UINT8", shape: [1], data: Uint8Array.of(1) },
    "has dtype UINT8, expected BYTES",
  ],
];

/** @param {DType} dtype */
function empty(dtype) {
  const { array } = DTYPES[dtype];
  return array === undefined ? [] : new array(0);
}

/** The same signatures as the model in this process: an identity of each dtype. */
const SIGNATURES = Object.fromEntries(
  ALL.map((dtype) => {
    const info = tensorInfo("x:0", DTYPES[dtype].number, null);
    return [`same_${dtype}`, { inputs: { x: info }, outputs: { same: info } }];
  }),
);

/** @type {Model} */
let local;
/** @type {Remote} */
let remote;
/** @type {Awaited<ReturnType<typeof startServer>>} */
let server;

before(async () => {
  local = await Model.load(oddModel("dtypes"));
  server = await startServer({
    GetModelMetadata: metadataOf(SIGNATURES),
    ModelInfer: ({ inputs: [x], raw_input_contents }) => ({
      outputs: [{ ...x, name: "same" }],
      raw_output_contents: raw_input_contents,
    }),
  });
  remote = await Remote.connect(server.address, "identities");
});

after(async () => {
  await Promise.all([local?.close(), remote?.close()]);
  server?.close();
});

/** @type {Record<string, (inputs: { x: any }, options: { signature: string }) => any>} */
const CLIENTS = {
  "in this thread": (inputs, options) => local.run(inputs, options),
  "in another thread": (inputs, options) => local.runAsync(inputs, options),
  "over the wire": (inputs, options) => remote.run(inputs, options),
};

/** @param {any} value @returns {string} for the name of a test */
function quote(value) {
  const text = JSON.stringify(value, (_, item) => (typeof item === "bigint" ? `${item}n` : item));
  return text.slice(0, 60);
}

for (const [client, call] of Object.entries(CLIENTS)) {
  const run = async (/** @type {any} */ x, /** @type {DType} */ dtype) =>
    (await call({ x }, { signature: `same_${dtype}` })).same;
  for (const [dtype, given, shape, data] of ACCEPTED) {
    test(`${client}: ${dtype} takes ${quote(given)}`, async () => {
      const y = await run(given, dtype);
      assert.deepEqual(bits(y), bits(/** @type {any} */ ({ dtype, shape, data })));
    });
  }
  for (const [dtype, given, message] of REFUSED) {
    test(`${client}: ${dtype} refuses ${quote(given)}`, async () => {
      await assert.rejects(run(given, dtype), (error) => {
        assert.ok(error instanceof SteleError);
        const expected = `input "x"${message.startsWith(":") ? "" : " "}${message}`;
        assert.deepEqual([error.codeName, error.message], ["INVALID_ARGUMENT", expected]);
        return true;
      });
    });
  }
}
