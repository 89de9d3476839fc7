// The first panel: a person draws, the model reads.

import { Model, tensor } from "tf-stele/web";
import { Bars } from "./bars.js";
import { pixelGrid } from "./grid.js";
import { DARKEST, SIZE, toPixels } from "./pixels.js";
import { Python } from "./python.js";
import { drawOn } from "./surface.js";
import { element } from "./text.js";

/** @typedef {import("./python.js").Sample} Sample */

/**
 * @param {Sample[]} samples
 * @param {string} folder of the converted model
 */
export async function startDigits(samples, folder) {
  const bars = new Bars(element("bars", HTMLTableSectionElement));
  const python = new Python(samples);
  const model = await Model.load(folder);
  await Promise.all([model.prepare(), python.connect()]);
  showPython(python);

  /** Counts the pictures: an answer to one that has changed meanwhile is not shown. */
  let picture = 0;

  /** @param {Float32Array} pixels */
  const read = async (pixels) => {
    const shown = ++picture;
    if (!pixels.some((pixel) => pixel > 0)) {
      bars.blank();
      return;
    }
    const image = tensor("FP32", [1, SIZE, SIZE, 1], pixels.slice());
    const start = performance.now();
    const { probabilities } = await model.run({ image });
    const milliseconds = performance.now() - start;
    if (shown !== picture) return;
    const here = /** @type {Float32Array} */ (probabilities.data);
    bars.show(here, undefined);
    element("time", HTMLElement).textContent = `${milliseconds.toFixed(2)} ms`;
    const expected = await python.answer(pixels);
    if (shown === picture) bars.show(here, expected);
    showPython(python);
  };

  const grid = pixelGrid(element("grid", HTMLTableElement), (pixels) => {
    surface.show(pixels);
    read(pixels);
  });
  const surface = drawOn(element("surface", HTMLCanvasElement), (strokes) => {
    const pixels = toPixels(strokes);
    grid.show(pixels);
    read(pixels);
  });
  const show = (/** @type {Float32Array} */ pixels) => {
    surface.show(pixels);
    grid.show(pixels);
    return read(pixels);
  };
  element("clear", HTMLButtonElement).addEventListener("click", () => {
    show(new Float32Array(SIZE * SIZE));
  });
  const gallery = element("samples", HTMLElement);
  for (const sample of samples) gallery.append(sampleButton(sample, show));
  await show(Float32Array.from(samples[0].pixels));
}

/** @param {Python} python */
function showPython(python) {
  const state = element("python", HTMLElement);
  if (state.dataset.live === String(python.live)) return;
  state.dataset.live = String(python.live);
  state.textContent = python.live
    ? "Python answers live, through stele web."
    : "Python is not running here: its recorded answers are shown for the samples. " +
      "Start the page with stele web to have it answer for your own drawings.";
}

/**
 * @param {Sample} sample
 * @param {(pixels: Float32Array) => unknown} show
 * @returns {HTMLButtonElement}
 */
function sampleButton({ digit, pixels }, show) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "sample";
  button.setAttribute("aria-label", `Sample: a handwritten ${digit}`);
  for (const pixel of pixels) {
    const dot = document.createElement("span");
    dot.style.setProperty("--ink-part", String(pixel / DARKEST));
    button.append(dot);
  }
  button.addEventListener("click", () => show(Float32Array.from(pixels)));
  return button;
}
