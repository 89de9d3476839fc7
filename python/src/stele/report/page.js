// The page without a server: what is chosen stands in the URL's fragment, and the answers
// were all made from the figures before.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const choice = document.getElementById("choice").elements;
const filters = document.getElementById("filters").elements;
const answer = document.getElementById("answer");
const code = document.getElementById("code");
const sides = code.querySelectorAll("select");
const programs = code.querySelectorAll("code");
const fields = [choice.language, choice.place, choice.matter, filters.q, filters.vs, ...sides];

function offer(select, values) {
  for (const value of values) select.append(new Option(value, value));
}

function restore() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  for (const field of fields) {
    const value = wanted.get(field.name);
    const known = field.options === undefined || [...field.options].some((o) => o.value === value);
    if (value !== null && known) field.value = value;
  }
}

function mirror() {
  const chosen = new URLSearchParams();
  for (const field of fields) {
    const first = field.options === undefined ? "" : field.options[0]?.value;
    if (field.value && field.value !== first) chosen.set(field.name, field.value);
  }
  const hash = chosen.toString();
  if (hash || location.hash.includes("=")) history.replaceState(null, "", `#$${hash}`);
}

function show() {
  const key = [choice.language.value, choice.place.value, choice.matter.value].join("|");
  answer.value = data.answers[key] ?? "Nothing was measured in these runs.";
  const { language, place } = { language: choice.language.value, place: choice.place.value };
  for (const row of document.querySelectorAll("tr[data-binding]")) {
    const about = data.bindings[row.dataset.binding];
    const fits =
      row.dataset.binding.includes(filters.q.value.trim().toLowerCase()) &&
      (about === undefined || language === "any" || about.language === language) &&
      (about === undefined || place === "any" || about.place === place);
    row.hidden = !fits;
  }
  for (const cell of document.querySelectorAll("td[data-factor]")) {
    const factor = data.factors[cell.dataset.factor]?.[filters.vs.value];
    cell.textContent = factor ?? cell.dataset.first;
  }
  for (const [number, side] of sides.entries()) {
    programs[number].textContent = data.examples[side.value] ?? "";
  }
  for (const name of document.querySelectorAll("[data-versus]")) {
    name.textContent = filters.vs.value ? `over $${filters.vs.value}` : name.dataset.versus;
  }
}

offer(choice.language, ["any", ...data.languages]);
offer(choice.place, ["any", ...data.places]);
offer(choice.matter, data.matters);
offer(filters.vs, ["", ...data.rows]);
const written = Object.keys(data.examples);
offer(sides[0], written);
offer(sides[1], [...written.slice(1), ...written.slice(0, 1)]);
code.hidden = written.length === 0;
restore();
show();
addEventListener("input", () => {
  show();
  mirror();
});
addEventListener("hashchange", () => {
  restore();
  show();
});
addEventListener("submit", (event) => event.preventDefault());
