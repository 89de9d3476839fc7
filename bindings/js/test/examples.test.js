// The examples are what people copy: they must do what they say.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { DIGITS, oddModel, ROOT } from "./helpers/environment.js";

/**
 * @param {string} name
 * @param {...string} args
 */
async function run(name, ...args) {
  const file = join(ROOT, "examples", name);
  return (await promisify(execFile)(process.execPath, [file, ...args])).stdout;
}

test("digits recognises a zero", async () => {
  const [signature, input, output, digit, probabilities, refused, end] = (
    await run("digits.mjs", DIGITS)
  ).split("\n");
  assert.equal(signature, "signature serving_default");
  assert.equal(input, "input image FP32 [?,8,8,1]");
  assert.equal(output, "output probabilities FP32 [?,10]");
  assert.equal(digit, "digit 0");
  assert.match(probabilities, /^probabilities( [01]\.\d{6}){10}$/);
  assert.equal(
    refused,
    'refused INVALID_ARGUMENT: input "image" has shape [8,8,1], expected [?,8,8,1]',
  );
  assert.equal(end, "");
});

test("inspect prints signatures, and their type", async () => {
  const dir = oddModel("described");
  assert.equal(
    await run("inspect.mjs", dir),
    "signature a\noutput noShape FP32 ?\noutput y UINT8 []\n" +
      "signature b\ninput a BYTES ?\ninput z FP32 [?,8]\ninput ä TF_20 []\n",
  );
  assert.equal(
    await run("inspect.mjs", dir, "--types", "Model"),
    `export type Model = {
  "a": {
    inputs: {};
    outputs: { "noShape": { dtype: "FP32"; shape: null }; "y": { dtype: "UINT8"; shape: [] } };
  };
  "b": {
    inputs: { "a": { dtype: "BYTES"; shape: null }; "z": { dtype: "FP32"; shape: [null, 8] }; "ä": { dtype: "TF_20"; shape: [] } };
    outputs: {};
  };
};
`,
  );
});

/**
 * @param {string} dir
 * @param {(post: (body: string) => Promise<Response>) => Promise<void>} use
 */
async function withServer(dir, use) {
  const server = spawn(process.execPath, [join(ROOT, "examples", "http.mjs"), dir, "0"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  try {
    const [started] = await once(server.stdout, "data");
    const [url] = /** @type {string[]} */ (/http:\S+/.exec(String(started)));
    await use((body) => fetch(url, { method: "POST", body }));
  } finally {
    server.kill();
  }
  assert.deepEqual(await once(server, "exit"), [0, null], "ends in order");
}

test("http answers many requests at once, and mistakes with what is wrong", () =>
  withServer(DIGITS, async (post) => {
    const image = Array.from({ length: 8 }, () => Array.from({ length: 8 }, () => [3]));
    const request = JSON.stringify({ image: [image] });
    const answers = await Promise.all(
      Array.from({ length: 64 }, async () => (await post(request)).text()),
    );
    assert.equal(JSON.parse(answers[0]).probabilities[0].length, 10);
    for (const answer of answers) assert.equal(answer, answers[0]);

    for (const [body, mention] of [
      [JSON.stringify({ image }), "expected [?,8,8,1]"],
      ["{}", 'input "image" of signature'],
      ["{", "JSON"],
      ["null", "inputs"],
    ]) {
      const response = await post(body);
      assert.equal(response.status, 400);
      assert.ok((await response.text()).includes(mention));
    }
  }));

test("http answers with text and 64-bit integers", async () => {
  for (const [dtype, x] of /** @type {const} */ ([
    ["BYTES", ["é", "text"]],
    ["INT64", [[1, -2]]],
  ])) {
    await withServer(oddModel(`echo-${dtype}`), async (post) => {
      const response = await post(JSON.stringify({ x }));
      assert.deepEqual(await response.json(), { y: x });
    });
  }
});
