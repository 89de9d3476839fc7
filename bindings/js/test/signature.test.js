// What a signature leaves out: shapes, which the graph has, and inputs, which
// have defaults.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Model, tensor } from "tf-stele";
import { readSignatures } from "../src/signature.js";
import { oddModel, steleError } from "./helpers/environment.js";

test("a tensor without a shape has that of the graph's", async () => {
  const model = await Model.load(oddModel("unshaped"));
  const shapes = { matrix: [null, 3], scalar: [], any: null };
  for (const [name, shape] of Object.entries(shapes)) {
    const { inputs, outputs } = model.signatures[name];
    assert.deepEqual([inputs.x.shape, outputs.y.shape, outputs.z.shape], [shape, shape, null]);
  }
  await model.close();
});

test("an output that the op does not have is refused before TensorFlow", async () => {
  for (const [folder, signature, output, endpoint] of [
    ["odd", "beyond", "y", "split:2"],
    ["unshaped", "matrix", "z", "gone:0"],
  ]) {
    const model = await Model.load(oddModel(folder));
    const [[, x]] = Object.entries(model.signatures[signature].inputs);
    const columns = /** @type {number} */ (x.shape?.[1]);
    assert.throws(
      () =>
        model.run({ x: tensor("FP32", [1, columns], new Float32Array(columns)) }, { signature }),
      steleError("INVALID_ARGUMENT", `"${output}"`, `"${endpoint}"`, "no such tensor"),
    );
    await model.close();
  }
});

test("a reference is of the dtype that it refers to", () => {
  const { s } = readSignatures({ s: { inputs: {}, outputs: { y: { name: "y:0", dtype: 101 } } } });
  assert.equal(s.outputs.y.dtype, "FP32");
});

test("a default stands for an input that is not given, and gives way to one that is", async () => {
  const model = await Model.load(oddModel("defaults"));
  const x = [[1, 3]];
  const { scale } = model.signatures.serving_default.inputs;
  assert.deepEqual(scale.default, tensor("FP32", [], Float32Array.of(2)));
  assert.deepEqual(model.run({ x }).y.data, Float32Array.of(2, 6));
  assert.deepEqual(model.run({ x, scale: 5 }).y.data, Float32Array.of(5, 15));
  assert.throws(
    () => model.run({ scale: 5 }),
    steleError("INVALID_ARGUMENT", 'input "x" of signature "serving_default" is missing'),
  );
  await model.close();
});

test("a default that cannot be read is none", () => {
  const scale = { name: "s:0", dtype: 1 };
  const variant = Uint8Array.of(0x08, 21);
  for (const bytes of [Uint8Array.of(0xff), variant]) {
    const defs = { s: { inputs: { scale }, outputs: {}, defaults: { scale: bytes } } };
    assert.ok(!("default" in readSignatures(defs).s.inputs.scale));
  }
});
