// open.mjs, which prints what a page shows.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const OPEN = fileURLToPath(new URL("../open.mjs", import.meta.url));

/** @param {string[]} pages */
function open(...pages) {
  return spawnSync(process.execPath, [OPEN, ...pages], { encoding: "utf8" });
}

/**
 * @param {string} html
 * @returns {string} its file
 */
function written(html) {
  const file = join(mkdtempSync(join(tmpdir(), "stele-")), "a page.html");
  writeFileSync(file, html);
  return file;
}

test("what a page shows is printed", () => {
  const late = "setTimeout(() => document.querySelector('pre').append('1 < 2\\n'), 50)";
  const { status, stdout } = open(written(`<pre></pre><script>${late}</script>`));
  assert.deepEqual([status, stdout], [0, "1 < 2\n"]);
});

test("a page that fails, is none or is not named is an error", () => {
  const failed = open(written("<pre></pre><script type=module>throw new Error('no')</script>"));
  assert.equal(failed.status, 1);
  assert.match(failed.stderr, /no/);
  const none = open("/no/where.html");
  assert.equal(none.status, 1);
  assert.match(none.stderr, /no page at \/where\.html/);
  assert.equal(open().status, 2);
});
