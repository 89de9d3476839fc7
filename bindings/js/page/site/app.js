// Starts both panels on what `stele web` has laid beside this file.

import { startDigits } from "./digits.js";
import { startModels } from "./models.js";
import { element } from "./text.js";

/**
 * @typedef {object} Contents models.json
 * @property {string} digits the folder of the model that reads digits
 * @property {import("./models.js").Converted[]} models
 * @property {string} made with which versions
 * @property {import("./python.js").Sample[]} samples
 */

try {
  const answer = await fetch("models.json");
  if (!answer.ok) throw new Error(`models.json: ${answer.status} ${answer.statusText}`);
  /** @type {Contents} */
  const { digits, models, made, samples } = await answer.json();
  element("made", HTMLElement).textContent = made;
  startModels(models);
  await startDigits(samples, digits);
  document.documentElement.dataset.ready = "true";
} catch (error) {
  element("failure", HTMLElement).hidden = false;
  element("reason", HTMLElement).textContent =
    error instanceof Error ? error.message : String(error);
  throw error;
}
