import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DTYPES } from "tf-stele";
import { fromRaw, toRaw } from "../src/raw.js";
import { bits, tensors } from "./helpers/arbitrary.js";
import { steleError } from "./helpers/environment.js";

const ALL = /** @type {(keyof typeof DTYPES)[]} */ (Object.keys(DTYPES));

for (const dtype of ALL) {
  test(`${dtype}: bits come back from bytes, whatever their place in memory`, () => {
    fc.assert(
      fc.property(tensors(dtype), fc.integer({ min: 0, max: 9 }), (tensor, offset) => {
        const raw = toRaw(tensor);
        const larger = Buffer.alloc(raw.length + offset);
        larger.set(raw, offset);
        const back = fromRaw("x", dtype, tensor.shape, larger.subarray(offset));
        larger.fill(255);
        assert.deepEqual(bits(back), bits(tensor));
      }),
    );
  });
}

test("elements of BYTES are plain arrays", () => {
  const { data } = fromRaw("x", "BYTES", [1], Buffer.of(1, 0, 0, 0, 65));
  assert.deepEqual(data, [Uint8Array.of(65)]);
  assert.ok(!Buffer.isBuffer(data[0]));
});

/** @type {[string, keyof typeof DTYPES, number[], number[], string][]} */
const rows = [
  ["part of an element", "FP32", [1], [1, 2, 3], "3 bytes"],
  ["too few", "INT16", [2], [1, 2], "needs 2 items of data, not 1"],
  ["too many", "UINT8", [], [1, 2], "needs 1 items of data, not 2"],
  ["half a complex number", "C64", [1], [1, 2, 3, 4], "4 bytes"],
  ["a BOOL of 2", "BOOL", [1], [2], "value 2"],
  ["a length cut short", "BYTES", [1], [1, 0, 0], "BYTES element 0"],
  ["an element cut short", "BYTES", [2], [0, 0, 0, 0, 2, 0, 0, 0, 65], "BYTES element 1"],
  ["an element beyond the end of memory", "BYTES", [1], [255, 255, 255, 255], "BYTES element 0"],
  ["fewer elements", "BYTES", [2], [0, 0, 0, 0], "needs 2 items"],
];

for (const [what, dtype, shape, bytes, mention] of rows) {
  test(`refused: ${what}`, () => {
    assert.throws(
      () => fromRaw('tensor "x"', dtype, shape, Uint8Array.from(bytes)),
      steleError("INVALID_ARGUMENT", 'tensor "x"', mention),
    );
  });
}
