// `stele web`, which makes the page and serves it.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { BUILD, PYTHON } from "../../../web/test/helpers/environment.js";

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
