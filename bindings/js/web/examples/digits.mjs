// Opens digits.html in headless Chromium and prints what the page shows.
//
//   node examples/digits.mjs build/models/digits/saved_model [PYTHON]

import { fileURLToPath } from "node:url";
import { convert } from "../../converted/convert.js";
import { show } from "../host/show.js";

const [model, python = "python3"] = process.argv.slice(2);
const below = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

const { folder } = await convert(python, "onnx", model, ["serve"]);
const folders = {
  "/": below("./"),
  "/models/digits/onnx/": `${folder}/`,
  "/tf-stele/src/": below("../../src/"),
  "/tf-stele/web/src/": below("../src/"),
  "/vendor/": below("../node_modules/"),
};
console.log(await show(folders, "/digits.html"));
