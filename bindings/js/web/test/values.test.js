// The values of the contract through the browser library: its constructor, a runtime, its
// accessor, against literals and bytes.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { readTable } from "../../test/helpers/contract.js";
import { nestedOf } from "../../test/helpers/values.js";
import { startBrowser } from "../host/browser.js";
import { serveFolders } from "../host/server.js";
import { PYTHON, ROOT } from "./helpers/environment.js";

/** @typedef {import("../../src/dtypes.js").DType} DType */

const VALUES = readTable("values.tsv", "dtype", "shape", "literals", "bytes");

/** What the README says that each runtime takes. @type {Record<string, string>} */
const TAKEN = {
  onnx: "BOOL INT8 INT16 INT32 INT64 UINT8 UINT16 UINT32 UINT64 FP16 FP32 FP64",
  tfjs: "BOOL INT32 FP32 BYTES",
  litert: "INT32 UINT8 FP32",
};

const folder = mkdtempSync(join(tmpdir(), "stele-web-"));
after(() => rmSync(folder, { recursive: true }));

/** @type {Awaited<ReturnType<typeof serveFolders>>} */
let server;
/** @type {Awaited<ReturnType<typeof startBrowser>>} */
let browser;
/** @type {import("playwright-core").Page} */
let page;

before(async () => {
  const [{ shape }] = VALUES;
  execFileSync(PYTHON, [join(ROOT, "test/helpers/identities.py"), folder, shape]);
  server = await serveFolders({
    "/": join(ROOT, "host"),
    "/modules/": join(ROOT, "node_modules"),
    "/tf-stele/": join(ROOT, ".."),
    "/models/": folder,
  });
  browser = await startBrowser();
  page = await browser.open();
  await page.goto(`${server.origin}/harness.html`);
});

after(async () => {
  await browser?.close();
  server?.close();
});

/**
 * @param {string} format
 * @param {Record<string, string>} row
 * @returns {Promise<import("./helpers/echo.js").Echo | string>}
 */
function echo(format, row) {
  const module = `${server.origin}/tf-stele/web/test/helpers/echo.js`;
  return page.evaluate(
    async ([from, url, given]) => (await import(from)).echo(url, given),
    /** @type {const} */ ([module, `${server.origin}/models/${format}`, row]),
  );
}

/** @param {Record<string, string>} row @returns what the accessor has to give, and the bytes */
function expected({ dtype: name, shape, literals, bytes }) {
  const dtype = /** @type {DType} */ (name);
  const dims = shape.split(",").map(Number);
  const nested = nestedOf(dtype, dims, literals);
  // A bundle has lengths before the elements of BYTES.
  const elements = literals.replaceAll("hex:", "").split(",");
  return {
    ...{ dtype, shape: dims, bytes: dtype === "BYTES" ? elements : bytes },
    ...{ nested, again: nested },
  };
}

for (const [format, taken] of Object.entries(TAKEN)) {
  test(`values of each dtype through ${format}`, async () => {
    /** @type {string[]} */
    const answered = [];
    for (const row of VALUES) {
      const answer = await echo(format, row);
      if (typeof answer === "string") continue;
      answered.push(row.dtype);
      assert.deepEqual(answer, expected(row));
    }
    assert.deepEqual(answered, taken.split(" "));
  });
}

test("strings through onnx: those that are UTF-8 without NUL, and no others", async () => {
  const [row] = VALUES.filter(({ dtype }) => dtype === "BYTES");
  const isText = (/** @type {string} */ literal) => !/^hex:(.*00|fffe)/.test(literal);
  const literals = row.literals.split(",");
  const texts = literals.filter(isText);
  assert.ok(texts.length > 1);
  const taken = { ...row, shape: `1,${texts.length}`, literals: texts.join() };
  assert.deepEqual(await echo("onnx", taken), expected(taken));
  for (const other of literals.filter((literal) => !isText(literal))) {
    const answer = await echo("onnx", { ...row, shape: "1,1", literals: other });
    assert.match(String(answer), /onnxruntime-web.*input "x"/);
  }
});

test("a visitor downloads of the runtimes what binding.toml says, which stele bench measures", async () => {
  const toml = readFileSync(join(ROOT, "../binding.toml"), "utf8");
  const lists = [...toml.matchAll(/^downloads = \[\n(.*?)^\]/gms)].map(([, lines]) => lines);
  assert.equal(lists.length, Object.keys(TAKEN).length);
  const said = lists.flatMap((lines) => lines.match(/(?<=node_modules\/)[^"]+/g) ?? []);
  const loaded = await page.evaluate(() =>
    performance
      .getEntriesByType("resource")
      .map(({ name }) => new URL(name).pathname)
      .filter((path) => path.startsWith("/modules/"))
      .map((path) => path.replace("/modules/", "")),
  );
  assert.deepEqual(loaded.sort(), said.sort());
});
