// JavaScript's own tables, held against those that all languages share.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { Code, DTYPES, Model, tensor, toNested } from "tf-stele";
import { Model as Remote } from "tf-stele/remote";
import { configBytes } from "../src/config.js";
import { toRaw } from "../src/raw.js";
import { readDefault } from "../src/signature.js";
import { systemError } from "../src/system-error.js";
import { readTable } from "./helpers/contract.js";
import { oddModel, PYTHON, ROOT, temporaryFolder } from "./helpers/environment.js";
import { metadataOf, startServer, tensorInfo } from "./helpers/inference-server.js";
import { dataOf, nestedOf } from "./helpers/values.js";

test("codes", () => {
  const rows = readTable("codes.tsv", "number", "name").map(({ number, name }) => [name, +number]);
  assert.deepEqual(Object.entries({ OK: 0, ...Code }), rows);
});

test("the code of every errno, by its name and where Node knows only its number", () => {
  for (const { errno, code } of readTable("errors.tsv", "errno", "code")) {
    const number = /** @type {Record<string, number>} */ (constants.errno)[errno];
    for (const given of [{ code: errno }, { code: "Unknown system error", errno: -number }]) {
      if (given.errno !== undefined && number === undefined) continue;
      const cause = Object.assign(new Error("system says no"), given);
      const error = systemError(cause, "/some/path");
      assert.equal(error.codeName, code, errno);
      assert.match(error.message, /\/some\/path/);
      assert.equal(error.cause, cause);
    }
  }
  const other = Object.assign(new Error("?"), { code: "EXYZ", errno: -9999 });
  assert.equal(systemError(other, "/").codeName, "UNKNOWN");
});

test("dtypes", () => {
  const rows = readTable("dtypes.tsv", "name", "number", "size", "kind");
  assert.deepEqual(
    Object.values(DTYPES).map(({ name, number, size, lanes }) => [name, number, size, lanes]),
    rows.map(({ name, number, size, kind }) => [name, +number, +size, kind === "complex" ? 2 : 1]),
  );
});

test("profiles are the ConfigProtos of the contract", () => {
  const rows = readTable("profiles.tsv", "name", "config", "meaning");
  for (const { name, config } of rows) {
    const bytes = configBytes(/** @type {any} */ (name));
    assert.equal(Buffer.from(bytes).toString("hex"), config, name);
  }
  const names = rows.map(({ name }) => `"${name}"`).sort();
  assert.throws(() => configBytes(/** @type {any} */ ("x")), {
    codeName: "INVALID_ARGUMENT",
    message: `no profile "x"; there are ${names.join(", ")}`,
  });
});

/** @param {string} text of defaults.tsv */
const shapeOf = (text) => (text === "?" ? null : text.split(",").filter(Boolean).map(Number));

for (const row of readTable(
  "defaults.tsv",
  ...["case", "dtype", "shape", "default", "value_shape", "value"],
)) {
  test(`a default: ${row.case}`, () => {
    const dtype = /** @type {import("tf-stele").DType} */ (row.dtype);
    const shape = shapeOf(row.shape)?.map((dim) => (dim < 0 ? null : dim)) ?? null;
    const spec = { name: "x", dtype, shape, endpoint: "x:0" };
    const value = readDefault(spec, Buffer.from(row.default, "hex"));
    if (row.value === "-") assert.equal(value, undefined);
    else {
      assert.deepEqual(value?.shape, shapeOf(row.value_shape));
      assert.equal(value?.dtype, dtype);
      assert.equal(Buffer.from(toRaw(/** @type {any} */ (value))).toString("hex"), row.value);
    }
  });
}

const VALUES = readTable("values.tsv", "dtype", "shape", "literals", "bytes");

test("there are values of every dtype", () => {
  assert.deepEqual(VALUES.map(({ dtype }) => dtype).sort(), Object.keys(DTYPES).sort());
});

/**
 * Through the constructors and the accessors of the README, against literals and bytes.
 *
 * @param {Record<string, string>} row of the values
 * @param {(inputs: { x: any }) => Promise<any>} run gives what it is given
 */
async function checkValues({ dtype: name, shape, literals, bytes }, run) {
  const dtype = /** @type {import("tf-stele").DType} */ (name);
  const dims = shape.split(",").map(Number);
  const [data, nested] = [dataOf(dtype, literals), nestedOf(dtype, dims, literals)];
  const y = await run({ x: tensor(dtype, dims, data) });
  assert.deepEqual(y, { dtype, shape: dims, data });
  assert.equal(Buffer.from(toRaw(y)).toString("hex"), bytes);
  assert.deepEqual(toNested(y), nested);
  const again = await run({ x: nested });
  assert.deepEqual(toNested(again), nested);
  // A number of JavaScript has no payload, which alone is lost on the way.
  if (!literals.includes("nan")) assert.deepEqual(again, y);
}

for (const row of VALUES) {
  const dtype = /** @type {import("tf-stele").DType} */ (row.dtype);
  test(`values of ${dtype}, through TensorFlow`, async () => {
    const model = await Model.load(oddModel("dtypes"));
    const options = { signature: `same_${dtype}` };
    await checkValues(row, async (inputs) => model.run(inputs, options).same);
    await checkValues(row, async (inputs) => (await model.runAsync(inputs, options)).same);
    await model.close();
  });

  test(`values of ${dtype}, over the wire`, async (t) => {
    const number = DTYPES[dtype].number;
    const [x, y] = ["x:0", "y:0"].map((endpoint) => tensorInfo(endpoint, number, null));
    /** @type {string[]} */
    const sent = [];
    const { address, close } = await startServer({
      GetModelMetadata: metadataOf({ serving_default: { inputs: { x }, outputs: { y } } }),
      ModelInfer({ inputs: [given], raw_input_contents }) {
        sent.push(raw_input_contents[0].toString("hex"));
        return { outputs: [{ ...given, name: "y" }], raw_output_contents: raw_input_contents };
      },
    });
    t.after(close);
    const model = await Remote.connect(address, "echo");
    t.after(() => model.close());
    await checkValues(row, async (inputs) => (await model.run(inputs)).y);
    assert.equal(sent[0], row.bytes);
  });
}

/** Where what people give in place of a SavedModel is, by the table's name for it. */
const WRONG = /** @type {Record<string, string>} */ (
  JSON.parse(
    execFileSync(PYTHON, ["-m", "tests.odd_models.wrong", temporaryFolder()], {
      cwd: join(ROOT, "../.."),
      encoding: "utf8",
    }),
  )
);

for (const { given, code, message } of readTable("wrong_models.tsv", "given", "code", "message")) {
  test(`in place of a SavedModel: ${given}`, async () => {
    const path = WRONG[given];
    const expected = message.replaceAll("{path}", path).replaceAll("{folder}", dirname(path));
    await assert.rejects(Model.load(path), { codeName: code, message: expected });
  });
}
