// The second panel: any converted model, and how far its answers are from Python's.

import { distance, formatShape, Model, SteleError, UnsupportedError } from "tf-stele/web";
import { readCase } from "./cases.js";
import { element, size, small, ulpText } from "./text.js";

/**
 * @typedef {import("./cases.js").Case} Case
 * @typedef {import("./cases.js").Known} Known
 * @typedef {import("tf-stele/web").Tensor} Tensor
 */

/** @typedef {{ format: string, title: string, folder: string, bytes: number, problem: string }} Format */

/** @typedef {{ name: string, folder: string, formats: Format[] }} Converted */

/**
 * What a case came to.
 *
 * @typedef {object} Result
 * @property {"same" | "near" | "listed" | "far" | "none"} kind none: it was not run
 * @property {string} text
 * @property {string} note
 * @property {string} link
 * @property {number} ulp
 */

/** What two runtimes may differ by without a reason being listed. */
const NEAR = 8;

/** @param {Converted[]} models */
export function startModels(models) {
  const model = element("model", HTMLSelectElement);
  const format = element("format", HTMLSelectElement);
  const start = element("run", HTMLButtonElement);
  model.append(...models.map(({ name }) => new Option(name)));
  const chosen = () => models[model.selectedIndex];
  const offer = () => {
    const options = chosen().formats.map(({ title }) => new Option(title));
    format.replaceChildren(...options);
    describe(chosen().formats[0]);
  };
  model.addEventListener("change", offer);
  format.addEventListener("change", () => describe(chosen().formats[format.selectedIndex]));
  offer();
  start.addEventListener("click", async () => {
    start.setAttribute("aria-disabled", "true");
    try {
      await runCases(chosen(), chosen().formats[format.selectedIndex]);
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    } finally {
      start.removeAttribute("aria-disabled");
    }
  });
}

/** @param {Format} format */
function describe({ title, bytes, problem }) {
  element("results", HTMLElement).replaceChildren();
  element("cases", HTMLElement).hidden = true;
  say(problem === "" ? `${title}, ${size(bytes)}.` : `Not in ${title}: ${problem}`);
}

/** @param {string} text */
function say(text) {
  element("state", HTMLElement).textContent = text;
}

/**
 * @param {Converted} converted
 * @param {Format} chosen
 */
async function runCases(converted, { format, title, folder, problem }) {
  if (problem !== "") return;
  say(`Loading ${converted.name} in ${title} …`);
  const model = await Model.load(folder);
  const answer = await fetch(`${converted.folder}cases.json`);
  /** @type {{ reference: string, cases: Case[] }} */
  const { reference, cases } = await answer.json();
  const body = element("results", HTMLElement);
  body.replaceChildren();
  element("cases", HTMLElement).hidden = false;
  const results = [];
  for (const one of cases) {
    say(`${results.length} of ${cases.length} cases …`);
    const result = await judge(model, converted.folder, one, one.known[format]);
    results.push(result);
    body.append(row(one, result));
  }
  await model.close();
  say(summary(results, reference));
}

/**
 * @param {Model} model
 * @param {string} folder
 * @param {Case} one
 * @param {Known | undefined} known
 * @returns {Promise<Result>}
 */
async function judge(model, folder, one, known) {
  const { inputs, expected } = await readCase(folder, one);
  let actual;
  try {
    actual = await model.run(inputs, { signature: one.signature });
  } catch (error) {
    if (!(error instanceof SteleError)) throw error;
    const kind = error instanceof UnsupportedError ? "none" : "far";
    const text = kind === "none" ? "not here" : error.codeName;
    return { kind, text, note: error.message, link: "", ulp: 0 };
  }
  return compare(expected, actual, known);
}

/**
 * @param {Record<string, Tensor>} expected
 * @param {Record<string, Tensor>} actual
 * @param {Known | undefined} known
 * @returns {Result}
 */
function compare(expected, actual, known) {
  const distances = Object.entries(expected).map(([name, tensor]) =>
    distance(tensor, actual[name]),
  );
  if (distances.every(({ identical }) => identical)) {
    return { kind: "same", text: "identical", note: "", link: "", ulp: 0 };
  }
  const differing = distances.filter(({ identical }) => !identical);
  const ulp = differing.reduce((most, { ulp }) => Math.max(most, ulp ?? Infinity), 0);
  const absolute = differing.reduce(
    (most, { absolute }) => Math.max(most, absolute ?? Infinity),
    0,
  );
  const figures = Number.isFinite(ulp) ? `${ulpText(ulp)}, ${small(absolute)}` : "another answer";
  if (ulp <= NEAR) return { kind: "near", text: figures, note: "", link: "", ulp };
  const listed = known !== undefined && (known.ulp === null || ulp <= known.ulp);
  return {
    kind: listed ? "listed" : "far",
    text: figures,
    note: listed ? known.reason : `more than ${NEAR} ULP, and not listed`,
    link: listed ? known.link : "",
    ulp,
  };
}

/**
 * @param {Case} one
 * @param {Result} result
 * @returns {HTMLTableRowElement}
 */
function row({ name, inputs }, { kind, text, note, link }) {
  const line = document.createElement("tr");
  line.className = kind;
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = name;
  const shapes = document.createElement("small");
  shapes.textContent = inputs
    .map(({ dtype, shape }) => `${dtype} ${formatShape(shape)}`)
    .join(", ");
  head.append(shapes);
  const value = document.createElement("td");
  value.className = "distance";
  value.textContent = text;
  const reason = value.appendChild(document.createElement("small"));
  reason.textContent = note;
  if (link !== "") {
    const more = document.createElement("a");
    more.href = link;
    more.textContent = "more";
    more.setAttribute("aria-label", `more about ${name}: ${note}`);
    reason.append(" ", more);
  }
  line.append(head, value);
  return line;
}

/**
 * @param {Result[]} results
 * @param {string} reference
 * @returns {string}
 */
function summary(results, reference) {
  const count = (/** @type {Result["kind"]} */ kind) =>
    results.filter((result) => result.kind === kind).length;
  const parts = [
    `${count("same")} identical`,
    `${count("near")} within ${NEAR} ULP`,
    `${count("listed")} further and listed`,
  ];
  if (count("far") > 0) parts.push(`${count("far")} NOT AS EXPECTED`);
  if (count("none") > 0) parts.push(`${count("none")} not possible here`);
  const finite = results.map(({ ulp }) => ulp).filter(Number.isFinite);
  const most = ulpText(Math.max(0, ...finite));
  return `${results.length} cases against ${reference}: ${parts.join(", ")}. At most ${most}.`;
}
