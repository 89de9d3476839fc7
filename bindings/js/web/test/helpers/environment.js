// What the tests of the browser share: places, a browser, and the page.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The folder bindings/js/web. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Where everything generated goes. */
export const BUILD = resolve(ROOT, process.env.BUILD ?? "../../../build");

/** The interpreter that has the package stele. */
export const PYTHON = process.env.PYTHON ?? resolve(ROOT, "../../../.venv/bin/python");

/** The zoo's model of digits, which `stele train digits` makes. */
export const DIGITS = join(BUILD, "models", "digits", "saved_model");

/** Why `stele web` cannot run on this machine; false if it can, and in CI it must. */
export const NO_PAGE =
  process.env.CI === "true" || spawnSync(PYTHON, ["-c", "import stele_native"]).status === 0
    ? false
    : "no stele_native, which bindings/rust makes";

const STELE = { ...process.env, STELE_BUILD: BUILD };

/**
 * Runs `stele web` with these arguments.
 *
 * @param {...string} args
 * @returns {Promise<{ line: string, stop: () => Promise<void> }>} the first line that it prints
 */
export async function steleWeb(...args) {
  const child = spawn(PYTHON, ["-m", "stele.cli", "web", "--no-open", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    env: STELE,
  });
  const exit = once(child, "exit");
  const line = once(createInterface({ input: child.stdout }), "line");
  const first = await Promise.race([line, exit.then(([status]) => [`exit status ${status}`])]);
  return {
    line: String(first[0]),
    async stop() {
      child.kill();
      await exit;
    },
  };
}

/** Throws where the page cannot be made, and says why. */
export function requireDigits() {
  if (!existsSync(DIGITS)) throw new Error(`no model at ${DIGITS}: stele train digits`);
}
