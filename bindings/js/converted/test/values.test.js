// The values of the contract through onnxruntime in Node, against literals and bytes.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Unsupported } from "../../protocol/loop.js";
import { toNested } from "../../src/nested.js";
import { toRaw } from "../../src/raw.js";
import { sortedRecord } from "../../src/signature.js";
import { tensor } from "../../src/tensor.js";
import { readTable } from "../../test/helpers/contract.js";
import { PYTHON, ROOT, temporaryFolder } from "../../test/helpers/environment.js";
import { dataOf, nestedOf } from "../../test/helpers/values.js";
import { Model } from "../model.js";

/** @typedef {import("../../src/dtypes.js").DType} DType */

const VALUES = readTable("values.tsv", "dtype", "shape", "literals", "bytes");

const made = temporaryFolder();
execFileSync(PYTHON, [join(ROOT, "web/test/helpers/identities.py"), made, VALUES[0].shape]);

/** A model that returns what it is given: a signature for each dtype. */
function identities() {
  const folder = join(made, "onnx");
  const { signatures } = JSON.parse(readFileSync(join(folder, "converted.json"), "utf8"));
  const specs = Object.entries(signatures).map(([name, { inputs, outputs }]) => [
    name,
    { inputs: { x: inputs[0] }, outputs: { y: outputs[0] } },
  ]);
  return new Model(sortedRecord(/** @type {any} */ (specs)), { folder, signatures });
}

for (const { dtype: name, shape, literals, bytes } of VALUES) {
  const dtype = /** @type {DType} */ (name);
  test(`values of ${dtype}`, async () => {
    const model = identities();
    const run = async (/** @type {any} */ x) => (await model.run({ x }, { signature: dtype })).y;
    const dims = shape.split(",").map(Number);
    const x = tensor(dtype, dims, dataOf(dtype, literals));
    if (["BF16", "C64", "C128", "BYTES"].includes(dtype)) {
      // Of strings, those that are UTF-8 without NUL are below.
      await assert.rejects(run(x), Unsupported);
    } else {
      const y = await run(x);
      assert.deepEqual(y, x);
      assert.equal(Buffer.from(toRaw(y)).toString("hex"), bytes);
      const nested = nestedOf(dtype, dims, literals);
      assert.deepEqual(toNested(y), nested);
      assert.deepEqual(toNested(await run(nested)), nested);
    }
    await model.close();
  });
}

test("strings that are UTF-8 without NUL", async () => {
  const model = identities();
  const { y } = await model.run({ x: [["stele", "", "é\u{1f600}\t"]] }, { signature: "BYTES" });
  const texts = ["stele", "", "é\u{1f600}\t"].map((text) => Uint8Array.from(Buffer.from(text)));
  assert.deepEqual(y, { dtype: "BYTES", shape: [1, 3], data: texts });
  await model.close();
});
