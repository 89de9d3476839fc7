// What the tests of the browser share: places.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder bindings/js/web. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Where everything generated goes. */
export const BUILD = resolve(ROOT, process.env.BUILD ?? "../../../build");

/** The interpreter that has the package stele. */
export const PYTHON = process.env.PYTHON ?? resolve(ROOT, "../../../.venv/bin/python");

/** The zoo's model of digits, which `stele train digits` makes. */
export const DIGITS = join(BUILD, "models", "digits", "saved_model");

/** Throws where there is nothing to convert, and says why. */
export function requireDigits() {
  if (!existsSync(DIGITS)) throw new Error(`no model at ${DIGITS}: stele train digits`);
}
