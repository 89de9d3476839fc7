// What Python answers for the same pixels: asked of `stele web`, or as recorded.

/** @typedef {{ digit: number, pixels: number[], probabilities: number[] }} Sample */

const URL_OF_PYTHON = "python/digits";

/** Knows Python's answers. */
export class Python {
  #recorded;
  #live = false;

  /** @param {Sample[]} samples with what Python answered when the page was made */
  constructor(samples) {
    this.#recorded = new Map(
      samples.map(({ pixels, probabilities }) => [pixels.join(), Float32Array.from(probabilities)]),
    );
  }

  /** Whether Python answers for any pixels. */
  get live() {
    return this.#live;
  }

  /** Finds out whether somebody answers. */
  async connect() {
    try {
      const answer = await fetch(URL_OF_PYTHON);
      this.#live = answer.ok && answer.headers.get("content-type") === "application/json";
    } catch {
      this.#live = false;
    }
  }

  /**
   * @param {Float32Array} pixels
   * @returns {Promise<Float32Array | undefined>} ten probabilities; undefined when Python is not
   *   there and these pixels are no sample
   */
  async answer(pixels) {
    if (this.#live) {
      try {
        return await ask(pixels);
      } catch {
        this.#live = false; // it has been stopped
      }
    }
    return this.#recorded.get(pixels.join());
  }
}

/**
 * @param {Float32Array} pixels
 * @returns {Promise<Float32Array>} the very bits that Python sent
 */
async function ask(pixels) {
  const answer = await fetch(URL_OF_PYTHON, { method: "POST", body: pixels.slice() });
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  return new Float32Array(await answer.arrayBuffer());
}
