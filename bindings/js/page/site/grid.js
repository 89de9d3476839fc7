// The 8×8 pixels as the model sees them; also a way to draw without a pointer.

import { DARKEST, SIZE } from "./pixels.js";

/** What one press of a key adds to a pixel. */
const SHADE = 8;

/** @type {Record<string, [number, number]>} */
const MOVES = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};

/**
 * Makes a table of pixels that the arrow keys walk through and Space darkens.
 *
 * @param {HTMLTableElement} element empty
 * @param {(pixels: Float32Array) => void} changed called when a person changes a pixel
 * @returns {{ show: (pixels: Float32Array) => void }}
 */
export function pixelGrid(element, changed) {
  const pixels = new Float32Array(SIZE * SIZE);
  const cells = Array.from(pixels, (_, index) => makeCell(index));
  for (let row = 0; row < SIZE; row++) {
    element.insertRow().append(...cells.slice(row * SIZE, (row + 1) * SIZE));
  }
  element.setAttribute("role", "grid");
  cells[0].tabIndex = 0;

  const shade = (/** @type {number} */ index, /** @type {number} */ value) => {
    pixels[index] = value;
    label(cells[index], index, value);
    changed(pixels);
  };

  element.addEventListener("keydown", (event) => {
    const index = cells.indexOf(/** @type {HTMLTableCellElement} */ (event.target));
    if (index < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const to = target(index, event.key);
    if (to !== undefined) focus(cells, index, to);
    else if (event.key === " " || event.key === "Enter") shade(index, next(pixels[index]));
    else if (event.key === "Backspace" || event.key === "Delete") shade(index, 0);
    else return;
    event.preventDefault();
  });
  element.addEventListener("click", (event) => {
    const index = cells.indexOf(/** @type {HTMLTableCellElement} */ (event.target));
    if (index < 0) return;
    focus(
      cells,
      cells.findIndex((cell) => cell.tabIndex === 0),
      index,
    );
    shade(index, next(pixels[index]));
  });

  const show = (/** @type {Float32Array} */ shown) => {
    pixels.set(shown);
    for (const [index, cell] of cells.entries()) label(cell, index, pixels[index]);
  };
  show(pixels);
  return { show };
}

/**
 * @param {number} value
 * @returns {number} darker by a shade; white after black
 */
function next(value) {
  return value >= DARKEST ? 0 : Math.min(DARKEST, value + SHADE);
}

/**
 * @param {number} index
 * @param {string} key
 * @returns {number | undefined} the cell that a key leads to
 */
function target(index, key) {
  const [row, column] = [Math.floor(index / SIZE), index % SIZE];
  if (key === "Home") return row * SIZE;
  if (key === "End") return row * SIZE + SIZE - 1;
  if (!Object.hasOwn(MOVES, key)) return undefined;
  const [down, right] = MOVES[key];
  const clamp = (/** @type {number} */ place) => Math.min(SIZE - 1, Math.max(0, place));
  return clamp(row + down) * SIZE + clamp(column + right);
}

/**
 * @param {HTMLElement[]} cells
 * @param {number} from the cell that Tab leads to
 * @param {number} to
 */
function focus(cells, from, to) {
  cells[from].tabIndex = -1;
  cells[to].tabIndex = 0;
  cells[to].focus();
}

/** @param {number} index */
function makeCell(index) {
  const cell = document.createElement("td");
  cell.className = "pixel";
  cell.tabIndex = -1;
  label(cell, index, 0);
  return cell;
}

/**
 * @param {HTMLElement} cell
 * @param {number} index
 * @param {number} value
 */
function label(cell, index, value) {
  const [row, column] = [Math.floor(index / SIZE) + 1, (index % SIZE) + 1];
  cell.setAttribute("aria-label", `row ${row}, column ${column}: ${value} of ${DARKEST}`);
  cell.style.setProperty("--ink-part", String(value / DARKEST));
}
