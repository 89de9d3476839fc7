// The client against `stele serve`: the same bits, the same words, as in this process.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Model as Local } from "tf-stele";
import { Model, SteleError, tensor } from "tf-stele/remote";
import { bits } from "./helpers/arbitrary.js";
import { DIGITS, oddModel, steleError } from "./helpers/environment.js";
import { REFUSED } from "./helpers/refused.js";
import { NO_SERVER, steleServe } from "./helpers/stele-serve.js";

/** @type {Awaited<ReturnType<typeof steleServe>>} */
let server;
/** @type {Local} */
let local;
/** @type {Model} */
let remote;

before(async () => {
  if (NO_SERVER) return;
  server = await steleServe(`digits=${DIGITS}`, `defaults=${oddModel("defaults")}`);
  local = await Local.load(DIGITS);
  remote = await Model.connect(server.address, "digits");
});

after(async () => {
  if (NO_SERVER) return;
  await Promise.all([local.close(), remote.close()]);
  await server.stop();
});

test("the same signatures", { skip: NO_SERVER }, () => {
  assert.deepEqual(remote.signatures, local.signatures);
});

test("the same bits, whatever the signature and the batch", { skip: NO_SERVER }, async () => {
  for (const signature of Object.keys(local.signatures)) {
    for (const batch of [1, 5]) {
      const data = Float32Array.from({ length: batch * 64 }, (_, i) => i % 17);
      const inputs = { image: tensor("FP32", [batch, 8, 8, 1], data) };
      const actual = await remote.run(inputs, { signature });
      const expected = local.run(inputs, { signature });
      assert.deepEqual(Object.keys(actual), Object.keys(expected));
      for (const [name, output] of Object.entries(expected)) {
        assert.deepEqual(bits(actual[name]), bits(output));
      }
    }
  }
});

test("the same refusals, word for word", { skip: NO_SERVER }, async () => {
  for (const [inputs, , signature] of Object.values(REFUSED)) {
    const refusal = async (/** @type {Local | Model} */ model) => {
      const error = await model.runAsync(inputs, { signature }).catch((reason) => reason);
      assert.ok(error instanceof SteleError);
      return `${error.codeName} ${error.message}`;
    };
    assert.equal(await refusal(remote), await refusal(local));
  }
});

test("an input with a default may be left out", { skip: NO_SERVER }, async () => {
  const model = await Model.connect(server.address, "defaults");
  const run = (/** @type {any} */ inputs, signature = "serving_default") =>
    model.run(inputs, { signature }).then(({ y }) => y.data);
  const x = [[1, 3]];
  assert.deepEqual(await run({ x }), Float32Array.of(2, 6));
  assert.deepEqual(await run({ x }, "content"), Float32Array.of(5, 15));
  assert.deepEqual(await run({ x, scale: 10 }), Float32Array.of(10, 30));
  for (const [inputs, signature, missing] of /** @type {const} */ ([
    [{ scale: 10 }, "serving_default", "x"],
    [{ x }, "unreadable", "scale"],
  ])) {
    await assert.rejects(
      run(inputs, signature),
      steleError("INVALID_ARGUMENT", `input "${missing}" of signature "${signature}" is missing`),
    );
  }
  await model.close();
});

test("a model that the server does not have", { skip: NO_SERVER }, async () => {
  await assert.rejects(
    Model.connect(server.address, "letters"),
    steleError("NOT_FOUND", '"letters"'),
  );
});

test("64 in flight", { skip: NO_SERVER }, async () => {
  const images = Array.from({ length: 64 }, (_, i) =>
    tensor("FP32", [1, 8, 8, 1], new Float32Array(64).fill(i)),
  );
  const answers = await Promise.all(images.map((image) => remote.run({ image })));
  answers.forEach((answer, i) => {
    const alone = local.run({ image: images[i] });
    assert.deepEqual(bits(answer.probabilities), bits(alone.probabilities));
  });
});
