// Pen strokes become what the model was trained on: fitted, centred, 0 to 16.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DARKEST, SIZE, toPixels } from "../site/pixels.js";

/** @typedef {import("../site/pixels.js").Point} Point */

/**
 * @param {...[number, number]} points
 * @returns {Point[]}
 */
const stroke = (...points) => points.map(([x, y]) => ({ x, y }));

/**
 * @param {Float32Array} pixels
 * @returns {number[]} the sums of the columns
 */
const columns = (pixels) =>
  Array.from({ length: SIZE }, (_, x) =>
    pixels.reduce((sum, pixel, i) => sum + (i % SIZE === x ? pixel : 0), 0),
  );

test("nothing is white", () => {
  assert.deepEqual(toPixels([]), new Float32Array(SIZE * SIZE));
});

test("an upright line stands in the middle and reaches from top to bottom", () => {
  const pixels = toPixels([stroke([0.1, 0.2], [0.1, 0.9])]);
  const sums = columns(pixels);
  assert.ok(sums[3] > 40 && sums[4] > 40, String(sums));
  assert.equal(sums[0] + sums[1] + sums[6] + sums[7], 0);
  assert.ok(pixels[3] > 0 && pixels[SIZE * 7 + 4] > 0);
});

test("where and how large one draws makes no difference", () => {
  const shape = stroke([0, 0], [1, 0.1], [0.2, 1], [0.9, 0.8]);
  const whole = toPixels([shape]);
  const move = (/** @type {Point} */ { x, y }) => ({ x: 0.4 + x * 0.5, y: 0.1 + y * 0.5 });
  assert.deepEqual(toPixels([shape.map(move)]), whole);
});

test("a dot stays a dot", () => {
  const dark = toPixels([stroke([0.7, 0.3])]).filter((pixel) => pixel > 0);
  assert.ok(dark.length > 0 && dark.length <= 4, String(dark));
});

test("pixels are whole numbers of 0 to 16, whatever one draws", () => {
  const point = fc.record({
    x: fc.double({ min: 0, max: 1, noNaN: true }),
    y: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(fc.array(point, { maxLength: 8 }), { maxLength: 4 }), (strokes) => {
      const pixels = toPixels(strokes);
      assert.equal(pixels.length, SIZE * SIZE);
      assert.ok(pixels.every((pixel) => Number.isInteger(pixel) && pixel >= 0 && pixel <= DARKEST));
      assert.equal(
        pixels.some((pixel) => pixel > 0),
        strokes.flat().length > 0,
      );
    }),
    { numRuns: 30 },
  );
});
