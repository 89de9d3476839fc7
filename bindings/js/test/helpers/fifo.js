import { execFileSync } from "node:child_process";

/** @param {string} path */
export function makeFifo(path) {
  execFileSync("mkfifo", [path]);
}
