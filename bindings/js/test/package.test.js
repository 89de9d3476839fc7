// The packed npm package, installed into a project of its own.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { BUILD, DIGITS, ROOT, temporaryFolder } from "./helpers/environment.js";

const run = promisify(execFile);
const project = temporaryFolder();
const modules = join(project, "node_modules");
const installed = join(modules, "tf-stele");

mkdirSync(installed, { recursive: true });
await run("tar", [
  "xzf",
  join(BUILD, "js", "tf-stele.tgz"),
  "-C",
  installed,
  "--strip-components=1",
]);
// Its dependencies, as npm would put them beside it, without a network.
for (const name of ["koffi", "@koromix", "pbf", "@types", "undici-types"]) {
  symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
}
writeFileSync(join(project, "package.json"), '{ "type": "module" }');

test("depends on what this test gave it, and has no install script", () => {
  const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  assert.deepEqual(Object.keys(manifest.dependencies), ["koffi", "pbf"]);
  assert.equal(manifest.scripts, undefined);
});

test("runs outside the repository", async () => {
  const example = readFileSync(join(installed, "examples", "digits.mjs"));
  writeFileSync(join(project, "digits.mjs"), example);
  const { stdout } = await run(process.execPath, ["digits.mjs", DIGITS], { cwd: project });
  assert.match(stdout, /^digit 0$/m);
});

test("its types know a model's names, dtypes and shapes", async () => {
  const program = readFileSync(join(ROOT, "test", "helpers", "typed.ts"));
  writeFileSync(join(project, "typed.ts"), program);
  const compilerOptions = {
    ...{ strict: true, noEmit: true, module: "nodenext", target: "es2022", types: ["node"] },
    lib: ["es2023", "esnext.disposable"],
  };
  writeFileSync(
    join(project, "tsconfig.json"),
    JSON.stringify({ compilerOptions, files: ["typed.ts"] }),
  );
  const tsc = join(ROOT, "node_modules", ".bin", "tsc");
  const { stdout } = await run(tsc, ["-p", project]).catch((error) => error);
  assert.equal(stdout, "");
});
