// The client against `stele serve`: the same bits, the same words, as in this process.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Model as Local } from "tf-stele";
import { Model, SteleError, tensor } from "tf-stele/remote";
import { bits } from "./helpers/arbitrary.js";
import { DIGITS } from "./helpers/environment.js";
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
  server = await steleServe(`digits=${DIGITS}`);
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
      const there = await remote.run(inputs, { signature });
      const here = local.run(inputs, { signature });
      assert.deepEqual(Object.keys(there), Object.keys(here));
      for (const [name, output] of Object.entries(here)) {
        assert.deepEqual(bits(there[name]), bits(output));
      }
    }
  }
});

test("the same refusals, word for word", { skip: NO_SERVER }, async () => {
  for (const [inputs, , signature] of Object.values(REFUSED)) {
    const told = async (/** @type {Local | Model} */ model) =>
      assert.rejects(model.runAsync(inputs, { signature }), (error) => {
        assert.ok(error instanceof SteleError);
        words.push(`${error.codeName} ${error.message}`);
        return true;
      });
    /** @type {string[]} */
    const words = [];
    await told(local);
    await told(remote);
    assert.equal(words[0], words[1]);
  }
});

test("a model that the server does not have", { skip: NO_SERVER }, async () => {
  await assert.rejects(Model.connect(server.address, "letters"), (error) => {
    assert.ok(error instanceof SteleError);
    assert.equal(error.codeName, "NOT_FOUND");
    assert.match(error.message, /"letters"/);
    return true;
  });
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
