import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { ROOT, temporaryFolder } from "./helpers/environment.js";

const folder = temporaryFolder();
const { STELE_LIBTENSORFLOW: installed = "" } = process.env;
const bin = dirname(process.execPath);

/**
 * Asks a new process for the version of TensorFlow: a loaded library stays.
 *
 * @param {Record<string, string>} env
 * @param {string} [library]
 * @returns {Promise<string>} the version, or the error's code and message
 */
async function version(env, library) {
  const program = `
    import { tensorflowVersion } from "tf-stele";
    console.log(await tensorflowVersion(${JSON.stringify({ library })}).catch(
      (error) => error.codeName + ": " + error.message));
  `;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module", "-e", program],
    { cwd: ROOT, env: { PATH: bin, TF_CPP_MIN_LOG_LEVEL: "3", ...env } },
  );
  return stdout.trim();
}

/**
 * @param {string} name
 * @param {string} output
 * @returns {string} the folder of a `python3` that prints `output`
 */
function fakePython(name, output) {
  const dir = join(folder, name, "bin");
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "python3"), `#!/bin/sh\necho '${output}'\n`);
  chmodSync(join(dir, "python3"), 0o755);
  return dir;
}

test("finds the library at the option, a folder or the file", async () => {
  assert.match(await version({}, installed), /^\d+\.\d+/);
  assert.match(await version({}, join(installed, "libtensorflow_cc.so.2")), /^\d+\.\d+/);
});

test("finds the library at STELE_LIBTENSORFLOW", async () => {
  assert.match(await version({ STELE_LIBTENSORFLOW: installed }), /^\d+\.\d+/);
});

test("finds the library in the wheel of the Python on the PATH", async () => {
  const path = fakePython("active", installed);
  assert.match(await version({ PATH: `${path}:/bin` }), /^\d+\.\d+/);
});

for (const name of ["VIRTUAL_ENV", "CONDA_PREFIX"]) {
  test(`finds the library in the wheel of ${name}, without its Python`, async () => {
    const prefix = join(folder, name);
    const packages = join(prefix, "lib", "python3.99", "site-packages");
    mkdirSync(packages, { recursive: true });
    symlinkSync(installed, join(packages, "tensorflow"));
    assert.match(await version({ [name]: prefix, PATH: "/nowhere" }), /^\d+\.\d+/);
  });
}

test("the option and the variable are meant: nothing else is tried", async () => {
  const other = { STELE_LIBTENSORFLOW: installed };
  assert.match(
    await version(other, join(folder, "missing")),
    /^NOT_FOUND: no libtensorflow at ".*missing": no such file or folder/,
  );
  const path = `${fakePython("ready", installed)}:/bin`;
  assert.match(
    await version({ STELE_LIBTENSORFLOW: folder, PATH: path }),
    /^NOT_FOUND: [\s\S]*STELE_LIBTENSORFLOW=.*: holds none of libtensorflow_cc/,
  );
});

test("a file that is no library", async () => {
  const file = join(folder, "libtensorflow.so");
  writeFileSync(file, "not an ELF file");
  assert.match(await version({}, file), /^NOT_FOUND: no libtensorflow at ".*": /);
});

test("when there is none, says what was tried and what to do", async () => {
  const path = `${fakePython("bare", "")}:/bin`;
  const message = await version({ VIRTUAL_ENV: join(folder, "gone"), PATH: path });
  assert.match(message, /^NOT_FOUND: libtensorflow was not found/);
  assert.match(message, /STELE_LIBTENSORFLOW: not set/);
  assert.match(message, /VIRTUAL_ENV=.*gone: has no tensorflow wheel/);
  assert.match(message, /CONDA_PREFIX: not set/);
  assert.match(message, /python3 on PATH: has no tensorflow wheel/);
  assert.match(message, /the system's loader: .*libtensorflow\.so/);
  assert.match(message, /pip install tensorflow-cpu/);
});

test("another TensorFlow beside the one that is loaded is refused", async () => {
  const other = join(folder, "other");
  mkdirSync(other);
  writeFileSync(join(other, "libtensorflow_cc.so.2"), "");
  const program = `
    import { tensorflowVersion } from "tf-stele";
    await tensorflowVersion();
    console.log(await tensorflowVersion({ library: ${JSON.stringify(other)} }).catch(
      (error) => error.codeName + ": " + error.message));
  `;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module", "-e", program],
    { cwd: ROOT },
  );
  assert.match(
    stdout,
    /^FAILED_PRECONDITION: this process has loaded ".*" and cannot load ".*other/,
  );
});

test("stacks that another package left too small are an error, not a crash", async () => {
  const program = `
    import koffi from "koffi";
    koffi.load(null);
    const { tensorflowVersion } = await import("tf-stele");
    console.log(await tensorflowVersion().catch((error) => error.codeName + ": " + error.message));
  `;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module", "-e", program],
    { cwd: ROOT },
  );
  assert.match(stdout, /^FAILED_PRECONDITION: koffi was in use before/);
});
