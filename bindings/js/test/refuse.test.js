// The table "On run" of bindings/PROTOCOL.md, through the library. After every
// row the model must still run.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Model, tensor } from "tf-stele";
import { DIGITS, steleError, temporaryFolder } from "./helpers/environment.js";
import {
  identity,
  identityGraph,
  info,
  node,
  placeholder,
  writeSavedModel,
} from "./helpers/saved-model.js";

/** @typedef {[object, Parameters<typeof steleError>, string?]} Row inputs, error, signature */

const folder = temporaryFolder();
const pixels = new Float32Array(64);
const image = tensor("FP32", [1, 8, 8, 1], pixels);

/** @type {Model} */
let digits;
/** @type {Model} */
let free;

before(async () => {
  digits = await Model.load(DIGITS);
  const graph = identityGraph("FP32", null);
  free = await Model.load(
    writeSavedModel(join(folder, "free"), {
      nodes: [
        ...graph.nodes,
        placeholder("v", "RESOURCE"),
        identity("w", "v", "RESOURCE"),
        node("init", "NoOp"),
      ],
      signatures: {
        ...graph.signatures,
        sparse: {
          inputs: { s: info("", "FP32", null) },
          outputs: { y: info("out:0", "FP32", []) },
        },
        resource: { inputs: { r: info("v:0", 20, []) }, outputs: { y: info("out:0", "FP32", []) } },
        __saved_model_init_op: { outputs: { __saved_model_init_op: info("init", 0, null) } },
      },
    }),
  );
});
after(() => Promise.all([digits.close(), free.close()]));

/** @type {Record<string, Row>} */
const rows = {
  "no such signature": [{ image }, ["NOT_FOUND", '"nope"', '"serving_default"'], "nope"],
  "a signature that every object has": [{ image }, ["NOT_FOUND", '"toString"'], "toString"],
  "an input that the signature does not have": [
    { image, picture: image },
    ["INVALID_ARGUMENT", '"picture"', '"image"'],
  ],
  "an input missing": [{}, ["INVALID_ARGUMENT", '"image"', "missing"]],
  "the same input twice": [
    [
      ["image", image],
      ["image", image],
    ],
    ["INVALID_ARGUMENT", '"image"', "twice"],
  ],
  "wrong dtype": [
    { image: tensor("FP64", [1, 8, 8, 1], new Float64Array(64)) },
    ["INVALID_ARGUMENT", '"image"', "FP64", "FP32"],
  ],
  "too low a rank": [
    { image: tensor("FP32", [1, 8, 8], pixels) },
    ["INVALID_ARGUMENT", '"image"', "[1,8,8]", "[?,8,8,1]"],
  ],
  "too high a rank": [
    { image: tensor("FP32", [1, 8, 8, 1, 1], pixels) },
    ["INVALID_ARGUMENT", '"image"', "[1,8,8,1,1]", "[?,8,8,1]"],
  ],
  "a scalar": [
    { image: tensor("FP32", [], Float32Array.of(1)) },
    ["INVALID_ARGUMENT", '"image"', "[]", "[?,8,8,1]"],
  ],
  "a known dimension with another size": [
    { image: tensor("FP32", [1, 8, 4, 2], pixels) },
    ["INVALID_ARGUMENT", '"image"', "[1,8,4,2]", "[?,8,8,1]"],
  ],
  "a shape that does not fit its data": [
    { image: { dtype: "FP32", shape: [2, 8, 8, 1], data: pixels } },
    ["INVALID_ARGUMENT", '"image"', "128"],
  ],
  "a negative dimension": [
    { image: { dtype: "FP32", shape: [-1, 8, 8, 1], data: pixels } },
    ["INVALID_ARGUMENT", '"image"', "-1"],
  ],
  "dimensions beyond 2^63-1 elements": [
    { image: { dtype: "FP32", shape: [2 ** 52, 2 ** 52, 8, 1], data: pixels } },
    ["INVALID_ARGUMENT", '"image"', "2^63-1"],
  ],
  "an unknown dtype": [
    { image: { dtype: "float32", shape: [1, 8, 8, 1], data: pixels } },
    ["INVALID_ARGUMENT", '"image"', "float32"],
  ],
  "a typed array, which is one dimension": [
    { image: pixels },
    ["INVALID_ARGUMENT", '"image"', "[64]", "[?,8,8,1]"],
  ],
  "a typed array of another class": [
    { image: new Float64Array(64) },
    ["INVALID_ARGUMENT", '"image"', "Float64Array"],
  ],
  "ragged nested arrays": [{ image: [[[[1]], [[1], [2]]]] }, ["INVALID_ARGUMENT", '"image"']],
  "nested arrays of text": [{ image: [[["8"]]] }, ["INVALID_ARGUMENT", '"image"', '"8"']],
  "nothing in place of a tensor": [{ image: undefined }, ["INVALID_ARGUMENT", '"image"']],
  "null in place of a tensor": [{ image: null }, ["INVALID_ARGUMENT", '"image"']],
  "a function in place of a tensor": [{ image: () => image }, ["INVALID_ARGUMENT", '"image"']],
  "an object in place of a tensor": [{ image: {} }, ["INVALID_ARGUMENT", '"image"']],
  "inputs that are an array of tensors": [[image], ["INVALID_ARGUMENT", "inputs"]],
};

for (const [what, [inputs, error, signature]] of Object.entries(rows)) {
  test(what, async () => {
    const run = (/** @type {any} */ given) => digits.run(given, { signature });
    assert.throws(() => run(inputs), steleError(...error));
    await assert.rejects(
      digits.runAsync(/** @type {any} */ (inputs), { signature }),
      steleError(...error),
    );
    assert.equal(Object.values(digits.run({ image }))[0].data.length, 10);
  });
}

for (const inputs of [undefined, null, 5, "image", () => image]) {
  test(`inputs that are ${String(inputs)}`, () => {
    assert.throws(() => digits.run(/** @type {any} */ (inputs)), steleError("INVALID_ARGUMENT"));
  });
}

test("sparse tensors, resources and TensorFlow's own signatures", () => {
  const run = (/** @type {string} */ signature) => () => free.run({}, { signature });
  assert.throws(run("sparse"), steleError("UNIMPLEMENTED", '"s"', "sparse"));
  assert.throws(run("resource"), steleError("UNIMPLEMENTED", '"r"', "TF_20"));
  assert.throws(run("__saved_model_init_op"), steleError("NOT_FOUND", "__saved_model_init_op"));
});

test("ranks beyond TensorFlow's limit, which would abort the process", () => {
  const x = { dtype: "FP32", shape: new Array(255).fill(1), data: Float32Array.of(1) };
  assert.throws(
    () => free.run({ x: /** @type {any} */ (x) }),
    steleError("INVALID_ARGUMENT", '"x"', "255"),
  );
});

test("dimensions whose product overflows before a 0, which would abort the process", () => {
  const shape = [2 ** 40, 2 ** 40, 0];
  const x = { dtype: "FP32", shape, data: new Float32Array() };
  assert.throws(
    () => free.run({ x: /** @type {any} */ (x) }),
    steleError("INVALID_ARGUMENT", '"x"'),
  );
  const fits = { dtype: "FP32", shape: [2 ** 40, 0, 2 ** 20], data: new Float32Array() };
  assert.deepEqual(free.run({ x: /** @type {any} */ (fits) }).y.shape, fits.shape);
});
