// The table "On run" of bindings/contract/PROTOCOL.md, through the library. After every
// row the model must still run.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Model } from "tf-stele";
import { DIGITS, steleError, temporaryFolder } from "./helpers/environment.js";
import { image, REFUSED } from "./helpers/refused.js";
import {
  identity,
  identityGraph,
  info,
  node,
  placeholder,
  writeSavedModel,
} from "./helpers/saved-model.js";

const folder = temporaryFolder();

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

for (const [what, [inputs, error, signature]] of Object.entries(REFUSED)) {
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

test("a NUL in the name of a signature or an input", () => {
  const error = steleError("INVALID_ARGUMENT", 'a name or path holds a NUL: "a\\0b"');
  assert.throws(() => free.run({ x: 1 }, { signature: "a\0b" }), error);
  assert.throws(() => free.run({ x: 1, "a\0b": 1 }), error);
});

test("very many inputs that the signature does not have cost no more than to list them", () => {
  /** @type {[string, number][]} */
  const inputs = Array.from({ length: 1e5 }, (_, i) => [`i${i}`, 1]);
  const start = performance.now();
  assert.throws(() => free.run(inputs), steleError("INVALID_ARGUMENT", '"i0"', '"x"'));
  assert.throws(
    () => free.run([...inputs, inputs[99_999]]),
    steleError("INVALID_ARGUMENT", "twice"),
  );
  assert.ok(performance.now() - start < 2000);
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
