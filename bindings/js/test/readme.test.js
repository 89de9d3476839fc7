// The first screen of the README is a program and its output: both are real.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Model } from "tf-stele";
import { DIGITS, ROOT } from "./helpers/environment.js";
import { NO_SERVER, steleServe } from "./helpers/stele-serve.js";

const readme = readFileSync(join(ROOT, "README.md"), "utf8");

/** @param {string} language */
function blocks(language) {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "gm"))].map(
    ([, text]) => text,
  );
}

test("the program prints what the README says", () => {
  const [program] = blocks("js");
  const [session] = blocks("console");
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-", DIGITS], {
    cwd: ROOT,
    input: program,
    encoding: "utf8",
  });
  assert.equal(stdout, session.split("\n").slice(1).join("\n"));
});

test("the remote program, too", { skip: NO_SERVER }, async () => {
  const program = blocks("js").find((text) => text.includes('"tf-stele/remote"'));
  const [, session] = blocks("console").filter((text) => text.includes("node program.mjs"));
  const [, ready, , ...printed] = session.split("\n");
  assert.match(ready, /^ready on 127\.0\.0\.1:8500: digits$/);
  const { address, stop } = await steleServe(`digits=${DIGITS}`);
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-", address], {
    cwd: ROOT,
    input: program,
    encoding: "utf8",
  });
  await stop();
  assert.equal(stdout, printed.join("\n"));
});

test("the error is the one that is thrown", async () => {
  const snippet = blocks("js").find((text) => text.includes("catch (error)")) ?? "";
  const [, codeName, message] = /** @type {string[]} */ (/\/\/ ([A-Z_]+) (.*)/.exec(snippet));
  const model = await Model.load(DIGITS);
  assert.throws(() => model.run({ image: new Float32Array(64) }), { codeName, message });
  await model.close();
});
