import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  bfloat16FromNumbers,
  float16FromNumbers,
  numbersFromBfloat16,
  numbersFromFloat16,
} from "tf-stele";

const formats = {
  FP16: { from: float16FromNumbers, to: numbersFromFloat16, infinity: 0x7c00 },
  BF16: { from: bfloat16FromNumbers, to: numbersFromBfloat16, infinity: 0x7f80 },
};

/**
 * @param {number[]} values
 * @param {(numbers: number[]) => Uint16Array} from
 */
const hex = (values, from) => Array.from(from(values), (bits) => bits.toString(16));

for (const [name, { from, to, infinity }] of Object.entries(formats)) {
  test(`${name}: every bit pattern that is a number survives the round trip`, () => {
    const bits = Uint16Array.from({ length: 0x10000 }, (_, i) => i);
    const numbers = to(bits);
    const again = from(Array.from(numbers));
    for (let i = 0; i < bits.length; i++) {
      if ((i & 0x7fff) > infinity)
        assert.ok(Number.isNaN(numbers[i]), `${i.toString(16)} is a NaN`);
      else assert.equal(again[i], i, `${i.toString(16)} became ${again[i].toString(16)}`);
    }
  });

  test(`${name}: a number becomes the nearest value, the even one of two`, () => {
    const property = fc.property(
      fc.integer({ min: 0, max: infinity - 2 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (low, fraction) => {
        const [a, b] = to(Uint16Array.of(low, low + 1));
        const value = a + (b - a) * fraction;
        const [bits] = from([value]);
        const even = low % 2 === 0 ? low : low + 1;
        const nearest = value - a === b - value ? even : value - a < b - value ? low : low + 1;
        assert.equal(bits, nearest);
        assert.equal(from([-value])[0], nearest | 0x8000);
      },
    );
    fc.assert(property, {
      numRuns: 2000,
      examples: [
        [0, 0.5],
        [1, 0.5],
        [infinity - 2, 0.5],
      ],
    });
  });
}

test("FP16: known bits", () => {
  const values = [1, -2, 65504, 65519, 65520, 2 ** -24, 2 ** -25, 2 ** -25 * 1.001, -0, 1 / 3];
  const bits = ["3c00", "c000", "7bff", "7bff", "7c00", "1", "0", "1", "8000", "3555"];
  assert.deepEqual(hex(values, float16FromNumbers), bits);
  assert.deepEqual(hex([Infinity, -Infinity, Number.NaN], float16FromNumbers), [
    "7c00",
    "fc00",
    "7e00",
  ]);
});

test("FP16: a double is rounded once", () => {
  // Just above a tie; by way of binary32 it would become the tie, then go down to even.
  const value = 1 + 2 ** -11 + 2 ** -40;
  assert.deepEqual(hex([value, Math.fround(value)], float16FromNumbers), ["3c01", "3c00"]);
});

test("BF16: known bits", () => {
  const values = [1, -2, 3.3895313892515355e38, Number.MAX_VALUE, Number.MIN_VALUE, -0, 1 / 3];
  const bits = ["3f80", "c000", "7f7f", "7f80", "0", "8000", "3eab"];
  assert.deepEqual(hex(values, bfloat16FromNumbers), bits);
  assert.deepEqual(hex([Number.NaN], bfloat16FromNumbers), ["7fc0"]);
});
