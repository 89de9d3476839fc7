// The packed npm package, installed into a project of its own.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { BUILD, DIGITS, ROOT, temporaryFolder } from "./helpers/environment.js";

const run = promisify(execFile);
const folder = temporaryFolder();

/**
 * @param {string} name
 * @param {...string} modules that npm would put beside the package, here without a network
 * @returns {Promise<string>} a project with the package installed
 */
async function makeProject(name, ...modules) {
  const project = join(folder, name);
  const dir = join(project, "node_modules");
  const installed = join(dir, "tf-stele");
  mkdirSync(installed, { recursive: true });
  const archive = join(BUILD, "js", "tf-stele.tgz");
  await run("tar", ["xzf", archive, "-C", installed, "--strip-components=1"]);
  for (const module of ["koffi", "@koromix", "pbf", "@types", "undici-types", ...modules]) {
    symlinkSync(join(ROOT, "node_modules", module), join(dir, module));
  }
  writeFileSync(join(project, "package.json"), '{ "type": "module" }');
  return project;
}

const project = await makeProject("plain");
const installed = join(project, "node_modules", "tf-stele");
const remote = await makeProject("remote", "@grpc");

test("depends on what this test gave it, and has no install script", () => {
  const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  assert.deepEqual(Object.keys(manifest.dependencies), ["koffi", "pbf"]);
  assert.deepEqual(Object.keys(manifest.peerDependencies), ["@grpc/grpc-js"]);
  assert.deepEqual(manifest.peerDependenciesMeta, { "@grpc/grpc-js": { optional: true } });
  assert.equal(manifest.scripts, undefined);
});

test("a remote model without gRPC says what to install; with it, that nobody is there", async () => {
  const program = `
    import { Model } from "tf-stele/remote";
    await Model.connect("127.0.0.1:1", "digits", { retries: 0 }).catch(
      (error) => console.log(error.codeName, error.message));
  `;
  const connect = async (/** @type {string} */ cwd) =>
    (await run(process.execPath, ["--input-type=module", "-e", program], { cwd })).stdout;
  assert.match(await connect(project), /^FAILED_PRECONDITION .*npm install @grpc\/grpc-js/);
  assert.match(await connect(remote), /^UNAVAILABLE no answer from 127\.0\.0\.1:1/);
});

test("runs outside the repository", async () => {
  const example = readFileSync(join(installed, "examples", "digits.mjs"));
  writeFileSync(join(project, "digits.mjs"), example);
  const { stdout } = await run(process.execPath, ["digits.mjs", DIGITS], { cwd: project });
  assert.match(stdout, /^digit 0$/m);
});

/**
 * @param {string} project
 * @param {string} program of test/helpers
 * @returns {Promise<string>} what the compiler complains about
 */
async function compile(project, program) {
  writeFileSync(join(project, program), readFileSync(join(ROOT, "test", "helpers", program)));
  const compilerOptions = {
    ...{ strict: true, noEmit: true, module: "nodenext", target: "es2022", types: ["node"] },
    lib: ["es2023", "esnext.disposable"],
  };
  const config = JSON.stringify({ compilerOptions, files: [program] });
  writeFileSync(join(project, "tsconfig.json"), config);
  const tsc = join(ROOT, "node_modules", ".bin", "tsc");
  return (await run(tsc, ["-p", project]).catch((error) => error)).stdout;
}

test("its types know a model's names, dtypes and shapes", async () => {
  assert.equal(await compile(project, "typed.ts"), "");
});

test("and so do those of a remote model", async () => {
  assert.equal(await compile(remote, "typed-remote.ts"), "");
});
