// From pen strokes to the 8×8 pixels of 0 to 16 that the model was trained on.
//
// The UCI set "Optical Recognition of Handwritten Digits" was made like this: a
// digit was fitted into 32×32 black or white pixels, and each pixel of the 8×8 image
// counts the black ones of a 4×4 block.

/** @typedef {{ x: number, y: number }} Point from 0 to 1 across the drawing, y downwards */

/** Pixels on each side of the image. */
export const SIZE = 8;

/** The darkest pixel: as many as a block has. */
export const DARKEST = 16;

const BLOCK = 4;
const FINE = SIZE * BLOCK;

/** Half the width of a pen line, in fine pixels; the set's lines are as wide. */
const PEN = 2.3;

/** What is drawn smaller than this part of the surface is a dot, and not a digit to enlarge. */
const SMALLEST = 0.3;

/**
 * @param {Point[][]} strokes
 * @returns {Float32Array} 64 pixels of 0 to 16, row by row; fitted and centred
 */
export function toPixels(strokes) {
  const lines = fit(strokes);
  const pixels = new Float32Array(SIZE * SIZE);
  for (let y = 0; y < FINE; y++) {
    for (let x = 0; x < FINE; x++) {
      if (lines.some((line) => isNear(line, x + 0.5, y + 0.5))) {
        pixels[Math.floor(y / BLOCK) * SIZE + Math.floor(x / BLOCK)]++;
      }
    }
  }
  return pixels;
}

/**
 * @param {Point[][]} strokes
 * @returns {Point[][]} in fine pixels, as large as they fit, in the middle
 */
function fit(strokes) {
  const points = strokes.flat();
  if (points.length === 0) return [];
  const [left, right] = range(points.map(({ x }) => x));
  const [top, bottom] = range(points.map(({ y }) => y));
  const scale = (FINE - 2 * PEN) / Math.max(right - left, bottom - top, SMALLEST);
  const [middleX, middleY] = [(left + right) / 2, (top + bottom) / 2];
  const place = (/** @type {Point} */ { x, y }) => ({
    x: (x - middleX) * scale + FINE / 2,
    y: (y - middleY) * scale + FINE / 2,
  });
  return strokes.filter((stroke) => stroke.length > 0).map((stroke) => stroke.map(place));
}

/**
 * @param {number[]} values
 * @returns {[number, number]} the least and the greatest
 */
function range(values) {
  return values.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity],
  );
}

/**
 * @param {Point[]} line at least one point
 * @param {number} x
 * @param {number} y
 * @returns {boolean} whether the pen covers this place
 */
function isNear(line, x, y) {
  if (line.length === 1) return distance2(line[0], line[0], x, y) <= PEN * PEN;
  for (let i = 1; i < line.length; i++) {
    if (distance2(line[i - 1], line[i], x, y) <= PEN * PEN) return true;
  }
  return false;
}

/**
 * @param {Point} from
 * @param {Point} to
 * @param {number} x
 * @param {number} y
 * @returns {number} the square of the distance from the segment
 */
function distance2(from, to, x, y) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length2 = dx * dx + dy * dy;
  const along = length2 === 0 ? 0 : ((x - from.x) * dx + (y - from.y) * dy) / length2;
  const part = Math.min(1, Math.max(0, along));
  return (from.x + part * dx - x) ** 2 + (from.y + part * dy - y) ** 2;
}
