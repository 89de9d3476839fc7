// Ten bars: what this page reads, what Python reads, and what lies between.

import { ulps } from "tf-stele/web";
import { element, percent, small, ulpText } from "./text.js";

/**
 * @typedef {object} Row
 * @property {HTMLTableRowElement} row
 * @property {HTMLElement} here the bar of this page
 * @property {HTMLElement} python Python's
 * @property {HTMLElement} value
 * @property {HTMLElement} ulp
 */

/** Milliseconds of rest before an answer is said aloud: not while a line is being drawn. */
const PAUSE = 600;

/** Shows two answers side by side. */
export class Bars {
  #rows;
  #digit = element("digit", HTMLElement);
  #verdict = element("verdict", HTMLElement);
  #spoken = element("spoken", HTMLElement);
  #timer = 0;

  /** @param {HTMLTableSectionElement} body empty */
  constructor(body) {
    this.#rows = Array.from({ length: 10 }, (_, digit) => makeRow(digit));
    body.append(...this.#rows.map(({ row }) => row));
    this.blank();
  }

  /** Shows that nothing is drawn. */
  blank() {
    for (const { row, here, python, value, ulp } of this.#rows) {
      row.classList.remove("best");
      here.style.setProperty("--part", "0");
      python.style.setProperty("--part", "0");
      value.textContent = "–";
      ulp.textContent = "–";
    }
    this.#digit.textContent = "?";
    this.#verdict.textContent = "Nothing is drawn yet.";
    this.#say("");
  }

  /**
   * @param {Float32Array} here ten probabilities of this page
   * @param {Float32Array | undefined} python Python's, if it has answered
   */
  show(here, python) {
    const best = argmax(here);
    const steps = python === undefined ? undefined : ulps(python, here);
    for (const [digit, row] of this.#rows.entries()) {
      row.row.classList.toggle("best", digit === best);
      row.here.style.setProperty("--part", String(here[digit]));
      row.python.style.setProperty("--part", String(python?.[digit] ?? 0));
      row.value.textContent = percent(here[digit]);
      row.ulp.textContent = steps === undefined ? "–" : String(steps[digit] ?? "NaN");
    }
    this.#digit.textContent = String(best);
    this.#verdict.replaceChildren(...sentence(here, python, steps));
    this.#say(this.#verdict.textContent ?? "");
  }

  /** @param {string} text for people who do not see the bars */
  #say(text) {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => {
      this.#spoken.textContent = text;
    }, PAUSE);
  }
}

/**
 * @param {Float32Array} here
 * @param {Float32Array | undefined} python
 * @param {(number | null)[] | undefined} steps
 * @returns {(string | HTMLElement)[]}
 */
function sentence(here, python, steps) {
  const best = argmax(here);
  const read = `This page reads ${best} with ${percent(here[best])}. `;
  if (python === undefined || steps === undefined) {
    return [read, "Python has not answered for these pixels."];
  }
  const other = argmax(python);
  const says = other === best ? "Python says the same, " : `Python says ${other}, `;
  const apart = document.createElement("strong");
  apart.id = "best-ulp";
  apart.textContent = ulpText(steps[best]);
  const worst = steps.reduce((most, step) => Math.max(most ?? 0, step ?? Infinity), 0);
  const most = Math.max(...Array.from(here, (value, i) => Math.abs(value - python[i])));
  return [
    read,
    says,
    apart,
    ` away; over all ten digits at most ${ulpText(worst)}, which is ${small(most)}.`,
  ];
}

/**
 * @param {Float32Array} values
 * @returns {number} the place of the greatest
 */
function argmax(values) {
  return values.reduce((best, value, i) => (value > values[best] ? i : best), 0);
}

/**
 * @param {number} digit
 * @returns {Row}
 */
function makeRow(digit) {
  const row = document.createElement("tr");
  const name = document.createElement("th");
  name.scope = "row";
  name.textContent = String(digit);
  const bars = row.appendChild(document.createElement("td"));
  bars.className = "bars";
  const [here, python] = ["here", "python"].map((kind) => {
    const bar = document.createElement("div");
    bar.className = `bar ${kind}`;
    bar.setAttribute("aria-hidden", "true");
    return bar;
  });
  bars.append(here, python);
  const [value, ulp] = ["value", "ulp"].map((kind) => {
    const cell = document.createElement("td");
    cell.className = kind;
    return cell;
  });
  row.replaceChildren(name, bars, value, ulp);
  return { row, here, python, value, ulp };
}
