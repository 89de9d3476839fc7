// What tests share: folders, models, and how an error must look.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { SteleError } from "tf-stele";

/** The folder bindings/js. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Where everything generated goes. */
export const BUILD = resolve(ROOT, process.env.BUILD ?? "../../build");

/** The interpreter that has the package stele. */
export const PYTHON = resolve(ROOT, process.env.PYTHON ?? "../../.venv/bin/python");

/** The zoo's model of digits, which `stele train digits` makes. */
export const DIGITS = join(BUILD, "models", "digits", "saved_model");

/**
 * @param {string} name
 * @returns {string} the folder of a model that `make odd-models` has made for all languages
 */
export function oddModel(name) {
  return join(BUILD, "odd-models", name);
}

/** @returns {string} a folder that is removed when the test file is done */
export function temporaryFolder() {
  const dir = mkdtempSync(join(tmpdir(), "stele-js-"));
  after(() => rmSync(dir, { recursive: true }));
  return dir;
}

/**
 * What `assert.throws` and `assert.rejects` compare an error with.
 *
 * @param {import("tf-stele").CodeName} codeName
 * @param {...string} mentions that the message must contain
 * @returns {(error: unknown) => boolean}
 */
export function steleError(codeName, ...mentions) {
  return (error) => {
    assert.ok(error instanceof SteleError, `not a SteleError: ${error}`);
    assert.equal(error.codeName, codeName, error.message);
    for (const text of mentions) {
      assert.ok(error.message.includes(text), `"${error.message}" does not mention ${text}`);
    }
    return true;
  };
}
