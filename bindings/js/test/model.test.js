import assert from "node:assert/strict";
import { copyFileSync, cpSync, mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { Model, stringsFromBytes, tensor, tensorflowVersion } from "tf-stele";
import { DIGITS, oddModel, steleError, temporaryFolder } from "./helpers/environment.js";

const folder = temporaryFolder();
const echo = oddModel("echo-FP32");
const x = tensor("FP32", [2], Float32Array.of(1, 2));
/** @type {(...args: any[]) => any} wrong arguments on purpose */
const load = Model.load;

test("the version of TensorFlow", async () => {
  assert.match(await tensorflowVersion(), /^2\.\d+\.\d+/);
});

test("loads from a path, a relative path and a URL", async () => {
  const before = process.cwd();
  process.chdir(dirname(echo));
  try {
    for (const dir of [echo, basename(echo), pathToFileURL(echo), `file://${echo}`]) {
      const model = await Model.load(dir);
      assert.deepEqual(model.run({ x }).y, x);
      await model.close();
    }
  } finally {
    process.chdir(before);
  }
});

test("runs digits: probabilities add up to 1 for every image of a batch", async () => {
  const model = await Model.load(DIGITS);
  const [name] = Object.keys(model.signatures.serving_default.inputs);
  for (const batch of [1, 5]) {
    const image = tensor("FP32", [batch, 8, 8, 1], new Float32Array(batch * 64).fill(3));
    const [output] = Object.values(model.run({ [name]: image }));
    assert.deepEqual(output.shape, [batch, 10]);
    for (let i = 0; i < batch; i++) {
      const row = Array.from(output.data.slice(i * 10, i * 10 + 10), Number);
      assert.ok(Math.abs(row.reduce((sum, p) => sum + p) - 1) < 1e-5);
    }
  }
  await model.close();
});

test("every profile and a ConfigProto give the same bits", async () => {
  const image = tensor(
    "FP32",
    [1, 8, 8, 1],
    Float32Array.from({ length: 64 }, (_, i) => i % 17),
  );
  const results = [];
  const profiles = /** @type {const} */ (["default", "inline", "single"]);
  const inline = Uint8Array.of(0x28, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1);
  for (const options of [{}, ...profiles.map((profile) => ({ profile })), { config: inline }]) {
    const model = await Model.load(DIGITS, options);
    const [name] = Object.keys(model.signatures.serving_default.inputs);
    results.push(Object.values(model.run({ [name]: image }))[0]);
    await model.close();
  }
  for (const result of results) assert.deepEqual(result, results[0]);
});

test("refuses configurations that are none", async () => {
  const cases = [
    [{ profile: "fast" }, '"fast"'],
    [{ profile: "toString" }, '"toString"'],
    [{ profile: "inline", config: Uint8Array.of() }, "both"],
    [{ config: Uint8Array.of(0xff) }, "ConfigProto"],
    [{ config: 123 }, "Uint8Array"],
    [{ tags: [5] }, "tags"],
  ];
  for (const [options, mention] of cases) {
    await assert.rejects(load(echo, options), steleError("INVALID_ARGUMENT", String(mention)));
  }
  await assert.rejects(load(undefined), steleError("INVALID_ARGUMENT", "dir"));
});

test("missing and damaged variables", async () => {
  const dir = join(folder, "digits");
  const data = join(dir, "variables", "variables.data-00000-of-00001");
  const index = join(dir, "variables", "variables.index");
  const fresh = () => cpSync(DIGITS, dir, { recursive: true });

  fresh();
  rmSync(index);
  await assert.rejects(Model.load(dir), steleError("NOT_FOUND", index));
  fresh();
  rmSync(data);
  await assert.rejects(Model.load(dir), steleError("NOT_FOUND", dir));
  fresh();
  truncateSync(data, 100);
  await assert.rejects(Model.load(dir), saysAlone("Read less bytes than requested"));
  fresh();
  truncateSync(index, 100);
  await assert.rejects(Model.load(dir), saysAlone("not an sstable (bad magic number)"));
});

/**
 * @param {string} reason TensorFlow's
 * @returns {(error: any) => boolean} whether the message is TensorFlow's, with nothing before it: so
 *   every language has the same
 */
function saysAlone(reason) {
  return ({ codeName, message }) => codeName === "DATA_LOSS" && message.startsWith(`${reason}\n`);
}

test("a signature that names ops which the graph does not have", async () => {
  const model = await Model.load(oddModel("odd"));
  const rows = { x: [[1, 2]] };
  assert.throws(
    () => model.run(rows, { signature: "missing" }),
    steleError("INVALID_ARGUMENT", "no_such_operation"),
  );
  assert.throws(
    () => model.run(rows, { signature: "beyond" }),
    (error) => {
      return /** @type {any} */ (error).name === "SteleError";
    },
  );
  await model.close();
});

test("what TensorFlow refuses keeps its code, and the model goes on", async () => {
  const model = await Model.load(oddModel("dtypes"));
  const options = { signature: "reshape" };
  const refused = steleError("INVALID_ARGUMENT", "Input to reshape is a tensor with 3 values");
  assert.throws(() => model.run({ x: [1, 2, 3] }, options), refused);
  await assert.rejects(model.runAsync({ x: [1, 2, 3] }, options), refused);
  const { y } = model.run({ x: [1, 2, 3, 4] }, options);
  assert.deepEqual(y, { dtype: "FP32", shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) });
  await model.close();
});

test("several inputs and outputs go to their names, whatever their order", async () => {
  const model = await Model.load(oddModel("many"));
  for (const inputs of [
    { p: 1, q: [2], r: [[3]] },
    new Map(Object.entries({ r: [[3]], q: [2], p: 1 })),
    Object.entries({ q: [2], r: [[3]], p: 1 }),
  ]) {
    assert.deepEqual(Object.entries(model.run(/** @type {any} */ (inputs))), [
      ["to_p", { dtype: "INT32", shape: [], data: Int32Array.of(1) }],
      ["to_q", { dtype: "INT32", shape: [1], data: Int32Array.of(2) }],
      ["to_r", { dtype: "INT32", shape: [1, 1], data: Int32Array.of(3) }],
    ]);
  }
  await model.close();
});

test("a variable that holds an input's strings still holds them after the run", async () => {
  const model = await Model.load(oddModel("state"));
  const texts = ["a".repeat(100), "b".repeat(5000), "short"];
  model.run({ x: texts }, { signature: "keep_strings" });
  for (let i = 0; i < 50; i++) {
    // Would take the place of strings that had been freed.
    const others = await Model.load(oddModel("echo-BYTES"));
    others.run({ x: texts.map((text) => "z".repeat(text.length)) });
    await others.close();
  }
  assert.deepEqual(
    stringsFromBytes(/** @type {any} */ (model.run({}, { signature: "read_strings" }).kept.data)),
    texts,
  );
  await model.close();
});

test("outputs are the caller's own, and so are inputs", async () => {
  const model = await Model.load(echo);
  const data = Float32Array.of(1, 2);
  const pending = model.runAsync({ x: data });
  data.fill(9);
  const { y } = await pending;
  assert.deepEqual(y.data, Float32Array.of(1, 2), "copied when runAsync was called");
  y.data.fill(7);
  assert.deepEqual(model.run({ x: [1, 2] }).y.data, Float32Array.of(1, 2));
  await model.close();
});

test("a closed model refuses to run; closing again is no error", async () => {
  const model = await Model.load(echo);
  assert.deepEqual(model.run({ x }).y, x);
  await model.close();
  await model.close();
  assert.throws(() => model.run({ x }), steleError("FAILED_PRECONDITION", "closed"));
  assert.throws(
    () => model.run({ x }, { signature: "no_such" }),
    steleError("FAILED_PRECONDITION", "closed"),
  );
  await assert.rejects(model.runAsync({ x }), steleError("FAILED_PRECONDITION", "closed"));
});

test("closing while runs are in flight: they finish, new ones are refused", async () => {
  const model = await Model.load(DIGITS);
  const [name] = Object.keys(model.signatures.serving_default.inputs);
  const images = tensor("FP32", [200, 8, 8, 1], new Float32Array(200 * 64).fill(3));
  const runs = Array.from({ length: 20 }, () => model.runAsync({ [name]: images }));
  let finished = 0;
  for (const run of runs) run.then(() => finished++);
  const closed = model.close();
  await assert.rejects(model.runAsync({ [name]: images }), steleError("FAILED_PRECONDITION"));
  await closed;
  await setImmediate(); // lets the promises of the last run settle
  assert.equal(finished, runs.length);
  const outputs = (await Promise.all(runs)).map((record) => Object.values(record)[0]);
  for (const output of outputs) assert.deepEqual(output, outputs[0]);
});

test("a model that a getter of the inputs closes is not run", async () => {
  const model = await Model.load(echo);
  const inputs = {
    get x() {
      model.close();
      return x;
    },
  };
  assert.throws(() => model.run(inputs), steleError("FAILED_PRECONDITION", "closed"));
});

test("data that a getter detaches after its check is refused", async () => {
  const model = await Model.load(oddModel("many"));
  const data = new Int32Array(1 << 20);
  const thief = {
    dtype: "INT32",
    shape: [1],
    get data() {
      structuredClone(data.buffer, { transfer: [data.buffer] });
      return Int32Array.of(1);
    },
  };
  const p = tensor("INT32", [data.length], data);
  assert.throws(
    () => model.run({ p, q: /** @type {any} */ (thief), r: 0 }),
    steleError("INVALID_ARGUMENT", "changed"),
  );
  await model.close();
});

test("dispose closes", async () => {
  const model = await Model.load(echo);
  model[Symbol.dispose]();
  assert.throws(() => model.run({ x }), steleError("FAILED_PRECONDITION"));
  const other = await Model.load(echo);
  const run = other.runAsync({ x });
  await other[Symbol.asyncDispose]();
  assert.deepEqual((await run).y, x);
});

test("two models, one of them closed", async () => {
  const [a, b] = await Promise.all([Model.load(echo), Model.load(DIGITS)]);
  await b.close();
  assert.deepEqual(a.run({ x }).y, x);
  await a.close();
});

test("a model of another writer: text format is not read", async () => {
  const dir = join(folder, "text");
  mkdirSync(dir);
  writeFileSync(join(dir, "saved_model.pbtxt"), "");
  await assert.rejects(Model.load(dir), steleError("UNIMPLEMENTED", dir));
  copyFileSync(join(echo, "saved_model.pb"), join(dir, "saved_model.pb"));
  await (await Model.load(dir)).close();
});
