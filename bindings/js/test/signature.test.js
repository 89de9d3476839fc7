// What a signature leaves out: shapes, which the graph has, and inputs, which
// have defaults.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { Model, tensor } from "tf-stele";
import { readSignatures } from "../src/signature.js";
import { oddModel, steleError, temporaryFolder } from "./helpers/environment.js";
import {
  encodeTensor,
  identity,
  info,
  NUMBERS,
  node,
  shapeProto,
  type,
  writeSavedModel,
} from "./helpers/saved-model.js";

const folder = temporaryFolder();

/**
 * @param {string} name
 * @param {object} signature
 * @param {object[]} nodes
 */
function load(name, signature, nodes) {
  const signatures = { serving_default: signature };
  return Model.load(writeSavedModel(join(folder, name), { nodes, signatures }));
}

/** @param {import("./helpers/saved-model.js").Dims} dims */
function shaped(dims) {
  const attributes = { dtype: type("FP32"), shape: { shape: shapeProto(dims) } };
  return [node("in", "Placeholder", [], attributes), identity("out", "in", "FP32")];
}

test("a tensor without a shape has that of the graph's", async () => {
  for (const dims of [[null, 3], [], null]) {
    const model = await load(
      `shape-${dims}`,
      {
        inputs: { x: { name: "in:0", dtype: NUMBERS.FP32 } },
        outputs: { y: { name: "out:0", dtype: NUMBERS.FP32 }, z: { name: "gone:0", dtype: 1 } },
      },
      shaped(dims),
    );
    const { inputs, outputs } = model.signatures.serving_default;
    assert.deepEqual([inputs.x.shape, outputs.y.shape, outputs.z.shape], [dims, dims, null]);
    await model.close();
  }
});

test("an output that the op does not have is refused before TensorFlow", async () => {
  for (const endpoint of ["out:1", "gone:0"]) {
    const model = await load(
      "bound",
      { inputs: { x: info("in:0", "FP32", null) }, outputs: { y: info(endpoint, "FP32", null) } },
      shaped(null),
    );
    assert.throws(
      () => model.run({ x: 1 }),
      steleError("INVALID_ARGUMENT", '"y"', `"${endpoint}"`, "no such tensor"),
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
  for (const bytes of [Uint8Array.of(0xff), encodeTensor({ dtype: 21 })]) {
    const defs = { s: { inputs: { scale }, outputs: {}, defaults: { scale: bytes } } };
    assert.ok(!("default" in readSignatures(defs).s.inputs.scale));
  }
});
