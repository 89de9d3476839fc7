// Where libtensorflow is.

import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { SteleError } from "./errors.js";
import { loadedLibrary, openLibrary } from "./ffi.js";

/** Names a file or folder, like the option `library`. */
const VARIABLE = "STELE_LIBTENSORFLOW";

// The first is the wheel's; the others are those of the C library for itself.
const FILES =
  process.platform === "darwin"
    ? ["libtensorflow_cc.2.dylib", "libtensorflow.2.dylib", "libtensorflow.dylib"]
    : ["libtensorflow_cc.so.2", "libtensorflow.so.2", "libtensorflow.so"];

// `import tensorflow` takes seconds; finding its folder takes milliseconds. The
// first entry of the path is the working directory, where a `tensorflow` would
// be another.
const LOCATE = `import sys; sys.path.pop(0)
from importlib.util import find_spec
spec = find_spec("tensorflow")
print(*(spec.submodule_search_locations if spec else ()), sep="\\n")`;

/** Variables that an activated Python environment sets. */
const ENVIRONMENTS = ["VIRTUAL_ENV", "CONDA_PREFIX"];

/**
 * What a place has: the library's file, or why there is none.
 *
 * @typedef {{ file: string } | { problem: string }} Candidate
 */

/** @typedef {import("./ffi.js").C} C */

/**
 * Finds and loads libtensorflow: at `library` if that is given, else the one that this process has,
 * else where `STELE_LIBTENSORFLOW` says, else in the `tensorflow` or `tensorflow-cpu` wheel of the
 * active Python environment or of the Python on the PATH, else where the system's loader looks.
 *
 * @param {string} [library] the file, or a folder with it
 * @returns {Promise<C>}
 * @throws {SteleError} NOT_FOUND: there is none; the message lists what was tried and what to do;
 *   FAILED_PRECONDITION: another TensorFlow is loaded
 */
export async function loadLibrary(library) {
  if (library !== undefined) return loadFrom(library);
  const loaded = loadedLibrary();
  if (loaded !== undefined) return loaded;

  /** @type {string[]} */
  const tried = [];
  for await (const [from, candidate] of candidates()) {
    if ("problem" in candidate) {
      tried.push(`${from}: ${candidate.problem}`);
      continue;
    }
    try {
      return await openLibrary(candidate.file);
    } catch (error) {
      if (error instanceof SteleError) throw error;
      tried.push(`${from}: "${candidate.file}": ${/** @type {Error} */ (error).message}`);
    }
  }
  throw new SteleError(
    "NOT_FOUND",
    `libtensorflow was not found. Tried:\n${tried.map((line) => `  ${line}\n`).join("")}` +
      `Install TensorFlow's wheel (\`pip install tensorflow-cpu\`), or set ${VARIABLE} to the folder ` +
      `that holds ${FILES[0]}.`,
  );
}

/**
 * @param {string} library
 * @returns {Promise<C>}
 */
async function loadFrom(library) {
  const candidate = inPlace(library);
  if ("problem" in candidate) {
    throw new SteleError("NOT_FOUND", `no libtensorflow at "${library}": ${candidate.problem}`);
  }
  try {
    return await openLibrary(candidate.file);
  } catch (error) {
    if (error instanceof SteleError) throw error;
    const { message } = /** @type {Error} */ (error);
    throw new SteleError("NOT_FOUND", `no libtensorflow at "${library}": ${message}`, {
      cause: error,
    });
  }
}

/**
 * What the variable names is meant: nothing else is tried then.
 *
 * @returns {AsyncGenerator<[from: string, Candidate]>}
 */
async function* candidates() {
  const variable = process.env[VARIABLE];
  if (variable) {
    yield [`${VARIABLE}=${variable}`, inPlace(variable)];
    return;
  }
  yield [VARIABLE, { problem: "not set" }];
  for (const name of ENVIRONMENTS) {
    const prefix = process.env[name];
    if (prefix) yield [`${name}=${prefix}`, inEnvironment(prefix)];
    else yield [name, { problem: "not set" }];
  }
  for (const python of ["python3", "python"]) yield [`${python} on PATH`, await inWheel(python)];
  for (const file of FILES) yield ["the system's loader", { file }];
}

/**
 * @param {string} path a file, or a folder
 * @returns {Candidate} the file itself and no link to it: its neighbour, libtensorflow_framework, is
 *   found from there
 */
function inPlace(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return { problem: "no such file or folder" };
  if (!stat.isDirectory()) return { file: realpathSync(path) };
  const file = FILES.map((name) => join(path, name)).find(existsSync);
  return file === undefined
    ? { problem: `holds none of ${FILES.join(", ")}` }
    : { file: realpathSync(file) };
}

/**
 * @param {string[]} folders of packages tensorflow
 * @returns {Candidate}
 */
function inPackages(folders) {
  for (const folder of folders) {
    const candidate = inPlace(folder);
    if ("file" in candidate) return candidate;
  }
  return { problem: "has no tensorflow wheel" };
}

/**
 * @param {string} prefix of a Python environment
 * @returns {Candidate}
 */
function inEnvironment(prefix) {
  const libraries = ["lib", "lib64"].map((name) => join(prefix, name)).filter(existsSync);
  const packages = libraries.flatMap((library) =>
    readdirSync(library)
      .filter((name) => name.startsWith("python3"))
      .map((name) => join(library, name, "site-packages", "tensorflow")),
  );
  return inPackages(packages.sort());
}

/**
 * @param {string} python
 * @returns {Promise<Candidate>}
 */
async function inWheel(python) {
  const { execFile } = await import("node:child_process"); // which costs those who need it not
  try {
    const { stdout } = await promisify(execFile)(python, ["-c", LOCATE], { timeout: 10_000 });
    return inPackages(stdout.split("\n").filter((folder) => folder !== ""));
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    return { problem: code === "ENOENT" ? "no such program" : message.trim() };
  }
}
