// Opens digits.html in headless Chromium and prints what the page shows.
//
//   node examples/digits.mjs build/models/digits/saved_model [PYTHON]

import { fileURLToPath } from "node:url";
import { convert } from "../../converted/convert.js";
import { startBrowser } from "../host/browser.js";
import { serveFolders } from "../host/server.js";

const [model, python = "python3"] = process.argv.slice(2);
const below = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

const { folder } = await convert(python, "onnx", model, ["serve"]);
const server = await serveFolders({
  "/": below("./"),
  "/models/digits/onnx/": `${folder}/`,
  "/tf-stele/src/": below("../../src/"),
  "/tf-stele/web/src/": below("../src/"),
  "/vendor/": below("../node_modules/"),
});
const browser = await startBrowser();
try {
  const page = await browser.open();
  page.on("pageerror", (error) => console.error(error));
  await page.goto(`${server.origin}/digits.html`);
  const lines = page.locator("#lines:not(:empty)");
  await lines.waitFor();
  console.log(await lines.textContent());
} finally {
  await browser.close();
  server.close();
}
