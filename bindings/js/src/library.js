// Where libtensorflow is.

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { SteleError } from "./errors.js";
import { openLibrary } from "./ffi.js";

/** Names a file or folder, like the option `library`. */
const VARIABLE = "STELE_LIBTENSORFLOW";

// The first is the wheel's; the others are those of the C library for itself.
const FILES =
  process.platform === "darwin"
    ? ["libtensorflow_cc.2.dylib", "libtensorflow.2.dylib", "libtensorflow.dylib"]
    : ["libtensorflow_cc.so.2", "libtensorflow.so.2", "libtensorflow.so"];

// `import tensorflow` takes seconds; finding its folder takes milliseconds.
const LOCATE = `
import importlib.util
spec = importlib.util.find_spec("tensorflow")
print(spec.submodule_search_locations[0] if spec else "")
`;

/**
 * @typedef {object} Candidate
 * @property {string} from who named it
 * @property {string} [path] what to load
 * @property {string} [problem] why there is nothing to load
 */

/** @type {Map<string, import("./ffi.js").C>} */
const found = new Map();

/**
 * Finds and loads libtensorflow: at `library` if that is given, else where `STELE_LIBTENSORFLOW`
 * says, else in the `tensorflow` or `tensorflow-cpu` wheel of the active Python environment, else
 * where the system's loader looks.
 *
 * @param {string} [library] the file, or a folder with it
 * @returns {Promise<import("./ffi.js").C>}
 * @throws {SteleError} FAILED_PRECONDITION: there is none; the message lists what was tried and what
 *   to do
 */
export async function loadLibrary(library) {
  const key = JSON.stringify([library, process.env[VARIABLE]]);
  const known = found.get(key);
  if (known !== undefined) return known;

  const tried = [];
  for await (const { from, path, problem } of candidates(library)) {
    if (path === undefined) {
      tried.push(`${from}: ${problem}`);
      continue;
    }
    try {
      const c = await openLibrary(path);
      found.set(key, c);
      return c;
    } catch (error) {
      if (error instanceof SteleError) throw error;
      tried.push(`${from}: "${path}": ${/** @type {Error} */ (error).message}`);
    }
  }
  throw new SteleError(
    "FAILED_PRECONDITION",
    `libtensorflow not found. Tried:\n${tried.map((line) => `  ${line}\n`).join("")}` +
      `Install the wheel (pip install tensorflow-cpu) and activate its environment, or set ` +
      `${VARIABLE} to the folder with ${FILES[0]}.`,
  );
}

/**
 * What a caller or the environment names is meant: nothing else is tried then.
 *
 * @param {string} [library]
 * @returns {AsyncGenerator<Candidate>}
 */
async function* candidates(library) {
  const variable = process.env[VARIABLE];
  if (library !== undefined) yield inPath("option library", library);
  else if (variable) yield inPath(VARIABLE, variable);
  else {
    for (const python of interpreters()) yield await inWheel(python);
    for (const name of FILES) yield { from: "system", path: name };
  }
}

/**
 * @param {string} from
 * @param {string} path a file, or a folder
 * @returns {Candidate}
 */
function inPath(from, path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return { from, problem: `"${path}" does not exist` };
  if (!stat.isDirectory()) return { from, path };
  const file = FILES.map((name) => join(path, name)).find(existsSync);
  return file === undefined
    ? { from, problem: `"${path}" has no ${FILES.join(", ")}` }
    : { from, path: file };
}

/** @returns {Set<string>} the Python interpreters that the environment means */
function interpreters() {
  const { VIRTUAL_ENV } = process.env;
  return new Set([...(VIRTUAL_ENV ? [join(VIRTUAL_ENV, "bin", "python3")] : []), "python3"]);
}

/**
 * @param {string} python
 * @returns {Promise<Candidate>}
 */
async function inWheel(python) {
  const from = `wheel of ${python}`;
  const { execFile } = await import("node:child_process"); // which costs those who need it not
  try {
    // Python looks for modules in the working directory first: let it be one without any.
    const { stdout } = await promisify(execFile)(python, ["-c", LOCATE], {
      cwd: "/",
      timeout: 10_000,
    });
    const folder = stdout.trim();
    return folder ? inPath(from, folder) : { from, problem: "it has no package tensorflow" };
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    return { from, problem: code === "ENOENT" ? "no such program" : message.trim() };
  }
}
