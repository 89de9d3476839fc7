// Opens a page in headless Chromium, with this library and its runtimes beside it as
// `stele web --layout-only` lays them out, and prints what it shows.
//
//   node open.mjs page.html

import { basename, dirname, resolve } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { show } from "./host/show.js";

const below = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

if (argv.length !== 3) {
  console.error("usage: node open.mjs page.html");
  process.exit(2);
}
const page = resolve(argv[2]);
const folders = {
  "/": `${dirname(page)}/`,
  "/tf-stele/src/": below("../src/"),
  "/tf-stele/web/src/": below("src/"),
  "/vendor/": below("node_modules/"),
};
try {
  process.stdout.write(await show(folders, `/${encodeURIComponent(basename(page))}`));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
