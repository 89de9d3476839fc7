// The first screen of the README is a page and what it shows: both are real.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { convert } from "../../converted/convert.js";
import { startBrowser } from "../host/browser.js";
import { serveFolders } from "../host/server.js";
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
  const server = await serveFolders({
    "/": folder,
    "/models/digits/onnx/": converted,
    "/tf-stele/src/": join(ROOT, "..", "src"),
    "/tf-stele/web/src/": join(ROOT, "src"),
    "/vendor/": join(ROOT, "node_modules"),
  });
  const browser = await startBrowser();
  try {
    const page = await browser.open();
    await page.goto(`${server.origin}/page.html`);
    const shown = page.locator("pre:not(:empty)");
    await shown.waitFor();
    assert.equal(`${await shown.textContent()}\n`, block("text"));
  } finally {
    await browser.close();
    server.close();
    rmSync(folder, { recursive: true });
  }
});
