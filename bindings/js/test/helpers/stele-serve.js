// `stele serve`, as a child that ends with this process.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { PYTHON } from "./environment.js";

/** Milliseconds after which a server is ended that nobody stopped: no test waits for one for ever. */
const LIFE = 120_000;

/** Why there is no server on this machine; false if there is one. */
export const NO_SERVER = existsSync(PYTHON) ? false : `no ${PYTHON}`;

/**
 * @param {...string} models `NAME=FOLDER`
 * @returns {Promise<{ address: string, stop: () => Promise<void> }>} when it is ready
 */
export async function steleServe(...models) {
  const options = ["--port", "0", "--json", "--stop-with-stdin"];
  const server = spawn(PYTHON, ["-m", "stele.cli", "serve", ...options, ...models], {
    stdio: ["pipe", "pipe", "ignore"],
    timeout: LIFE,
    killSignal: "SIGKILL",
  });
  /** @type {Promise<void>} */
  const exit = new Promise((resolve) => server.on("exit", () => resolve()));
  for await (const line of createInterface({ input: server.stdout })) {
    const { event, address } = JSON.parse(line);
    if (event !== "ready") continue;
    const stop = () => {
      server.stdin.end();
      return exit;
    };
    return { address, stop };
  }
  throw new Error("stele serve ended before it was ready");
}
