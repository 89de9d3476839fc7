// Memory that stays behind. A leak is told from an allocator's moods by
// comparison with the same work and a leak planted into it, in the same test.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ROOT } from "./helpers/environment.js";

const program = fileURLToPath(new URL("helpers/leak.js", import.meta.url));

/** Large blocks go back to the system when they are freed, and threads share their heaps. */
const CALM = {
  MALLOC_ARENA_MAX: "2",
  MALLOC_MMAP_THRESHOLD_: "131072",
  MALLOC_TRIM_THRESHOLD_: "131072",
};

/**
 * @param {string} work
 * @param {number} rounds
 * @returns {Promise<number>} bytes that a round leaves behind
 */
async function growth(work, rounds) {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--expose-gc", program, work, String(rounds)],
    { cwd: ROOT, env: { ...process.env, ...CALM } },
  );
  return Number(stdout);
}

test("20,000 runs leave nothing behind", async (t) => {
  const planted = await growth("run-leak", 2_000);
  assert.ok(planted > 8 * 1024, `a planted leak of 16 KiB per run shows as ${planted} bytes`);
  for (const work of ["run", "run-async", "run-strings", "run-refused"]) {
    const bytes = await growth(work, 20_000);
    t.diagnostic(`${work}: ${Math.round(bytes)} bytes per run; planted ${Math.round(planted)}`);
    assert.ok(bytes < planted / 10, `${work} leaves ${bytes} bytes per run`);
  }
});

test("200 loads leave nothing behind", async (t) => {
  const planted = await growth("load-leak", 60);
  assert.ok(planted > 2 * 1024 * 1024, `models of 2 MiB that stay open show as ${planted} bytes`);
  const bytes = await growth("load", 200);
  t.diagnostic(`load: ${Math.round(bytes)} bytes per load; planted ${Math.round(planted)}`);
  assert.ok(bytes < planted / 5, `a load leaves ${bytes} bytes`);
});
