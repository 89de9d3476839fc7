// The first screen of the README is a page and what it shows: both are real.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { convert } from "../../converted/convert.js";
import { show } from "../host/show.js";
import { DIGITS, PYTHON, ROOT, requireDigits } from "./helpers/environment.js";

requireDigits();

const readme = readFileSync(join(ROOT, "README.md"), "utf8");

/** @param {string} language */
function block(language) {
  return new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "m").exec(readme)?.[1] ?? "";
}

test("the page shows what the README says", async () => {
  const folder = mkdtempSync(join(tmpdir(), "stele-web-"));
  writeFileSync(join(folder, "page.html"), block("html"));
  const { folder: converted } = await convert(PYTHON, "onnx", DIGITS, ["serve"]);
  const folders = {
    "/": folder,
    "/models/digits/onnx/": converted,
    "/tf-stele/src/": join(ROOT, "..", "src"),
    "/tf-stele/web/src/": join(ROOT, "src"),
    "/vendor/": join(ROOT, "node_modules"),
  };
  try {
    assert.equal(`${await show(folders, "/page.html")}\n`, block("text"));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
