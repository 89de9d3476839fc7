// Where Chromium is, and how it is started without a person before it.
//
//   node chromium.js     prints its version

import { execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";

/** Names a browser that is not found by its name. */
const VARIABLE = "STELE_CHROMIUM";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const APPLICATIONS = [
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** What a browser for tests is not to do: ask, sandbox where root cannot, call home. */
export const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-quic",
];

/**
 * @returns {string} the program
 * @throws {Error} saying where it was looked for
 */
export function findChromium() {
  const named = process.env[VARIABLE];
  if (named) return named;
  const folders = (process.env.PATH ?? "").split(delimiter);
  const paths = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  const program = [...paths, ...APPLICATIONS].find(isProgram);
  if (program === undefined) {
    throw new Error(`no ${NAMES.join(", ")} in PATH; install Chromium, or set ${VARIABLE}`);
  }
  return program;
}

/**
 * @param {string} path
 * @returns {boolean}
 */
function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const version = execFileSync(findChromium(), ["--version"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    process.stdout.write(version);
  } catch (error) {
    console.error(/** @type {Error} */ (error).message);
    process.exitCode = 1;
  }
}
