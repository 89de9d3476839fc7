// The client of a server, against a server in the test.

import assert from "node:assert/strict";
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { ServerCredentials } from "@grpc/grpc-js";
import fc from "fast-check";
import { Connection, DTYPES, Model, tensor } from "tf-stele/remote";
import { toRaw } from "../src/raw.js";
import { bits, tensors } from "./helpers/arbitrary.js";
import { ROOT, steleError, temporaryFolder } from "./helpers/environment.js";
import { Failure, metadataOf, startServer, tensorInfo } from "./helpers/inference-server.js";
import { image, REFUSED } from "./helpers/refused.js";

/**
 * @typedef {keyof typeof DTYPES} DType
 * @typedef {import("./helpers/inference-server.js").Handler} Handler
 */

const folder = temporaryFolder();

const DIGITS = {
  serving_default: {
    inputs: { image: tensorInfo("image:0", 1, [null, 8, 8, 1]) },
    outputs: { probabilities: tensorInfo("out:0", 1, [null, 10]) },
  },
  serve: {
    inputs: { image: tensorInfo("serve_image:0", 1, [null, 8, 8, 1]) },
    outputs: { probabilities: tensorInfo("out_1:0", 1, [null, 10]) },
  },
  __saved_model_init_op: { outputs: { __saved_model_init_op: tensorInfo("init", 0, null) } },
};

/** @type {Handler} answers with the inputs, in the form in which they came */
const echo = ({ inputs, raw_input_contents }) => ({
  outputs: inputs,
  raw_output_contents: raw_input_contents,
});

/**
 * A server for one test.
 *
 * @param {import("node:test").TestContext} t
 * @param {Record<string, Handler>} handlers
 * @param {Parameters<typeof startServer>[1]} [options]
 * @returns {Promise<string>} its address
 */
async function serve(t, handlers, options) {
  const { address, close } = await startServer(handlers, options);
  t.after(close);
  return address;
}

/**
 * @param {import("node:test").TestContext} t
 * @param {Handler} infer
 * @param {import("tf-stele/remote").ConnectOptions} [options]
 */
async function digits(t, infer, options) {
  const handlers = { GetModelMetadata: metadataOf(DIGITS), ModelInfer: infer };
  const model = await Model.connect(await serve(t, handlers), "digits", options);
  t.after(() => model.close());
  return model;
}

test("a run is one request, in the raw form, and its answer", async (t) => {
  /** @type {any[]} */
  const requests = [];
  const probabilities = Float32Array.from({ length: 10 }, (_, i) => i / 10);
  const model = await digits(
    t,
    (request) => {
      requests.push(request);
      return {
        outputs: [{ name: "probabilities", datatype: "FP32", shape: [1, 10] }],
        raw_output_contents: [Buffer.from(probabilities.buffer)],
      };
    },
    { version: "3" },
  );
  assert.deepEqual(Object.keys(model.signatures), ["serve", "serving_default"]);
  assert.deepEqual(model.signatures.serving_default.inputs.image, {
    name: "image",
    dtype: "FP32",
    shape: [null, 8, 8, 1],
    endpoint: "image:0",
  });

  assert.deepEqual(Object.entries(await model.run({ image })), [
    ["probabilities", { dtype: "FP32", shape: [1, 10], data: probabilities }],
  ]);
  await model.runAsync([["image", image]], { signature: "serve" });

  const [first, second] = requests;
  assert.equal(first.model_name, "digits");
  assert.equal(first.model_version, "3");
  assert.deepEqual(first.parameters, {});
  assert.equal(first.inputs.length, 1);
  const { name, datatype, shape, contents } = first.inputs[0];
  assert.deepEqual(
    [name, datatype, shape, contents],
    ["image", "FP32", ["1", "8", "8", "1"], null],
  );
  assert.deepEqual(first.raw_input_contents, [Buffer.from(toRaw(image))]);
  assert.equal(second.parameters.signature_name.string_param, "serve");
});

for (const dtype of /** @type {DType[]} */ (Object.keys(DTYPES))) {
  test(`${dtype}: bits pass over the wire unchanged`, async (t) => {
    const number = DTYPES[dtype].number;
    const signatures = {
      serving_default: {
        inputs: { x: tensorInfo("x:0", number, null) },
        outputs: { x: tensorInfo("x:0", number, null) },
      },
    };
    const handlers = { GetModelMetadata: metadataOf(signatures), ModelInfer: echo };
    const model = await Model.connect(await serve(t, handlers), "echo");
    await fc.assert(
      fc.asyncProperty(tensors(dtype), async (x) => {
        assert.deepEqual(bits((await model.run({ x })).x), bits(x));
      }),
      { numRuns: 50 },
    );
    await model.close();
  });
}

test("typed answers are read as well", async (t) => {
  const model = await digits(t, () => ({
    outputs: [
      { name: "a", datatype: "INT64", shape: [2], contents: { int64_contents: ["-1", "5"] } },
      { name: "b", datatype: "BYTES", shape: [], contents: { bytes_contents: [Buffer.of(255)] } },
      { name: "c", datatype: "FP16", shape: [0] },
    ],
  }));
  const { a, b, c } = /** @type {any} */ (await model.run({ image }));
  assert.deepEqual(a.data, BigInt64Array.of(-1n, 5n));
  assert.deepEqual(b, { dtype: "BYTES", shape: [], data: [Uint8Array.of(255)] });
  assert.deepEqual(c, { dtype: "FP16", shape: [0], data: new Uint16Array() });
});

test("an answer that does not add up is the server's fault", async (t) => {
  const floats = { name: "y", datatype: "FP32", shape: [2] };
  /** @type {[object | Buffer, string][]} */
  const answers = [
    [{ outputs: [floats], raw_output_contents: [Buffer.alloc(4)] }, "needs 2 items"],
    [{ outputs: [floats, floats], raw_output_contents: [Buffer.alloc(8)] }, "1 raw contents for 2"],
    [{ outputs: [{ ...floats, datatype: "FP8" }] }, "FP8"],
    [{ outputs: [{ ...floats, shape: [-1] }] }, "-1"],
    [{ outputs: [{ ...floats, contents: { int_contents: [1, 2] } }] }, "int_contents"],
    [Buffer.of(0x2a, 100, 1), "the message does not end"],
    [Buffer.of(0, 0), "the message does not end"],
  ];
  let answer = answers[0][0];
  const model = await digits(t, () => answer);
  for (const [next, mention] of answers) {
    answer = next;
    await assert.rejects(
      model.run({ image }),
      steleError("INTERNAL", "the answer of 127.0.0.1:", mention),
    );
  }
});

for (const [what, [inputs, error, signature]] of Object.entries(REFUSED)) {
  test(`refused before it is sent: ${what}`, async (t) => {
    let requests = 0;
    const model = await digits(t, (request) => {
      requests++;
      return echo(request);
    });
    const run = (/** @type {any} */ given) => model.run(given, { signature });
    await assert.rejects(run(inputs), steleError(...error));
    assert.equal(requests, 0);
    await model.run({ image });
  });
}

test("a default is the server's to fill in", async (t) => {
  const scale = tensorInfo("scale:0", 1, []);
  // A TensorProto: FP32, a scalar, 2.
  const two = Buffer.from([0x08, 1, 0x12, 0, 0x2a, 4, 0, 0, 0, 0x40]);
  const signatures = {
    serving_default: {
      inputs: { x: tensorInfo("x:0", 1, [null]), scale },
      outputs: { x: tensorInfo("x:0", 1, [null]) },
      defaults: { scale: two },
    },
  };
  /** @type {string[][]} */
  const requests = [];
  const address = await serve(t, {
    GetModelMetadata: metadataOf(signatures),
    ModelInfer(request) {
      requests.push(request.inputs.map((/** @type {any} */ { name }) => name));
      return echo(request);
    },
  });
  const model = await Model.connect(address, "scaled");
  t.after(() => model.close());
  assert.deepEqual(
    model.signatures.serving_default.inputs.scale.default,
    tensor("FP32", [], Float32Array.of(2)),
  );
  await model.run({ x: [1] });
  await model.run({ x: [1], scale: 3 });
  assert.deepEqual(requests, [["x"], ["scale", "x"]]);
});

test("signatures that no client can run", async (t) => {
  const signatures = {
    sparse: { inputs: { s: tensorInfo("", 1, null) } },
    resource: { inputs: { r: tensorInfo("r:0", 20, []) } },
  };
  const model = await Model.connect(
    await serve(t, { GetModelMetadata: metadataOf(signatures) }),
    "odd",
  );
  t.after(() => model.close());
  const run = (/** @type {string} */ signature) => model.run({}, { signature });
  await assert.rejects(run("sparse"), steleError("UNIMPLEMENTED", '"s"', "sparse"));
  await assert.rejects(run("resource"), steleError("UNIMPLEMENTED", '"r"', "TF_20"));
});

test("a model without signatures", async (t) => {
  const address = await serve(t, { GetModelMetadata: metadataOf({}) });
  const model = await Model.connect(address, "none");
  t.after(() => model.close());
  assert.deepEqual(Object.keys(model.signatures), []);
  await assert.rejects(
    model.run({ image }),
    steleError("NOT_FOUND", 'no signature "serving_default"; this model has none'),
  );
});

const METADATA = {
  name: "foreign",
  inputs: [
    { name: "b", datatype: "BYTES", shape: [-1] },
    { name: "a", datatype: "FP32", shape: [-1, 3] },
  ],
  outputs: [{ name: "y", datatype: "FP8", shape: [] }],
};

for (const [what, handlers] of /** @type {[string, Record<string, Handler>][]} */ ([
  ["without TensorFlow Serving's API", {}],
  [
    "whose TensorFlow Serving's API has other models",
    { GetModelMetadata: () => new Failure("NOT_FOUND", "Servable not found") },
  ],
])) {
  test(`the signature of a server ${what}`, async (t) => {
    const address = await serve(t, {
      ...handlers,
      ModelMetadata: () => METADATA,
      ModelInfer: echo,
    });
    const model = await Model.connect(address, "foreign");
    t.after(() => model.close());
    const { inputs, outputs } = model.signatures.serving_default;
    assert.deepEqual(Object.keys(inputs), ["a", "b"]);
    assert.deepEqual([inputs.a.dtype, inputs.a.shape], ["FP32", [null, 3]]);
    assert.deepEqual([outputs.y.dtype, outputs.y.shape], ["FP8", []]);
    await assert.rejects(
      model.run({ a: [[1, 2, 3]], b: ["x"] }),
      steleError("UNIMPLEMENTED", '"y"', "FP8"),
    );
  });
}

test("a server that does not say what its model takes", async (t) => {
  const address = await serve(t, { ModelMetadata: () => ({ name: "silent" }), ModelInfer: echo });
  const model = await Model.connect(address, "silent");
  t.after(() => model.close());
  assert.deepEqual(model.signatures, {});
  const x = tensor("INT64", [1], BigInt64Array.of(7n));
  assert.deepEqual((await model.run({ x })).x, x);
  await assert.rejects(
    model.run({ x: [7n] }),
    steleError("INVALID_ARGUMENT", '"x"', "needs to be a tensor"),
  );
  await assert.rejects(
    model.run(/** @type {any} */ ({ x: { ...x, dtype: "int64" } })),
    steleError("INVALID_ARGUMENT", '"x"', "int64"),
  );
});

test("metadata that is damaged is the server's fault", async (t) => {
  for (const response of [{}, { metadata: { signature_def: { value: Buffer.of(0x0a, 9) } } }]) {
    const address = await serve(t, { GetModelMetadata: () => response });
    await assert.rejects(Model.connect(address, "digits"), steleError("INTERNAL", "add up"));
  }
});

test("a model that is not there, a version, and one that is no number", async (t) => {
  const missing = () => new Failure("NOT_FOUND", 'no model "x"; this server has none');
  /** @type {any[]} */
  const requests = [];
  const address = await serve(t, {
    GetModelMetadata(request) {
      requests.push(request.model_spec.version?.value ?? null);
      return missing();
    },
    ModelMetadata(request) {
      requests.push(request.version);
      return missing();
    },
  });
  for (const version of ["", "12", "newest"]) {
    await assert.rejects(
      Model.connect(address, "x", { version }),
      steleError("NOT_FOUND", 'no model "x"'),
    );
  }
  assert.deepEqual(requests, [null, "", "12", "12", "newest"]);
});

test("a server's error keeps its code and its words", async (t) => {
  /** @type {Failure} */
  let failure;
  const model = await digits(t, () => failure);
  for (const code of /** @type {const} */ (["INVALID_ARGUMENT", "INTERNAL", "DATA_LOSS"])) {
    failure = new Failure(code, `refused: ${code} "é"`);
    await assert.rejects(model.run({ image }), (error) => {
      const { codeName, message } = /** @type {any} */ (error);
      return codeName === code && message === `refused: ${code} "é"`;
    });
  }
});

test("UNAVAILABLE is tried again, as often as asked", async (t) => {
  let calls = 0;
  let fails = 0;
  const address = await serve(t, {
    GetModelMetadata: metadataOf(DIGITS),
    ModelInfer: (request) =>
      ++calls <= fails ? new Failure("UNAVAILABLE", "restarting") : echo(request),
  });
  for (const [retries, refusals, expected] of [
    [4, 2, 3],
    [1, 1, 2],
  ]) {
    [calls, fails] = [0, refusals];
    const model = await Model.connect(address, "digits", { retries });
    await model.run({ image });
    assert.equal(calls, expected);
    await model.close();
  }
  for (const [retries, expected] of [
    [0, 1],
    [2, 3],
  ]) {
    [calls, fails] = [0, 100];
    const model = await Model.connect(address, "digits", { retries });
    await assert.rejects(
      model.run({ image }),
      steleError("UNAVAILABLE", `no answer from ${address}`, "restarting"),
    );
    assert.equal(calls, expected);
    await model.close();
  }
});

test("large calls are tried again, too", async (t) => {
  let calls = 0;
  const model = await digits(t, (request) =>
    ++calls === 1 ? new Failure("UNAVAILABLE", "restarting") : echo(request),
  );
  const images = tensor("FP32", [40_000, 8, 8, 1], new Float32Array(40_000 * 64).fill(3));
  const { image: back } = /** @type {any} */ (await model.run({ image: images }));
  assert.equal(calls, 2);
  assert.deepEqual(back.shape, images.shape);
});

test("a server that comes back answers a call that was made while it was away", async (t) => {
  const handlers = { GetModelMetadata: metadataOf(DIGITS), ModelInfer: echo };
  const first = await startServer(handlers);
  const model = await Model.connect(first.address, "digits");
  t.after(() => model.close());
  first.close();
  const run = model.run({ image });
  await serve(t, handlers, { port: Number(first.address.split(":")[1]) });
  assert.deepEqual(Object.keys(await run), ["image"]);
});

test("nobody there", async () => {
  const { address, close } = await startServer({});
  close();
  const model = Model.connect(address, "digits", { retries: 1 });
  await assert.rejects(model, steleError("UNAVAILABLE", `no answer from ${address}`));
  const other = Model.connect("no.such.host.invalid:1", "digits", { retries: 0 });
  await assert.rejects(other, steleError("UNAVAILABLE", "no.such.host.invalid"));
});

test("a deadline: the connection's, or the call's own", async (t) => {
  const handlers = { GetModelMetadata: metadataOf(DIGITS), ModelInfer: () => setTimeout(5000, {}) };
  const address = await serve(t, handlers);
  const model = await Model.connect(address, "digits", { deadline: 60_000 });
  t.after(() => model.close());
  await assert.rejects(
    model.run({ image }, { deadline: 50 }),
    steleError("DEADLINE_EXCEEDED", `no answer from ${address} within 50 ms`),
  );
});

test("a signal cancels a call, also before it began", async (t) => {
  const model = await digits(t, () => setTimeout(5000, {}));
  await assert.rejects(
    model.run({ image }, { signal: AbortSignal.timeout(50) }),
    steleError("CANCELLED"),
  );
  await assert.rejects(
    model.run({ image }, { signal: AbortSignal.abort() }),
    steleError("CANCELLED"),
  );
});

test("messages beyond the limit, in both directions; by default there is none", async (t) => {
  const images = tensor("FP32", [30_000, 8, 8, 1], new Float32Array(30_000 * 64)); // 7.7 MB
  const whole = await digits(t, echo);
  assert.equal((await whole.run({ image: images })).image.data.length, images.data.length);
  const model = await digits(t, () => ({ id: "x".repeat(200_000) }), { maxMessage: 100_000 });
  await assert.rejects(
    model.run({ image: images }),
    steleError("RESOURCE_EXHAUSTED", "a request of 76800", "is beyond the limit of 100000"),
  );
  await assert.rejects(
    model.run({ image }),
    steleError("RESOURCE_EXHAUSTED", "message larger than max", "20000", "100000"),
  );
});

test("options that are none", async () => {
  for (const [options, mention] of /** @type {[any, string][]} */ ([
    [{ retries: 5 }, "retries is 5"],
    [{ retries: -1 }, "retries is -1"],
    [{ maxMessage: 0 }, "maxMessage is 0"],
    [{ tls: {} }, "rootCertificate"],
  ])) {
    await assert.rejects(
      Model.connect("127.0.0.1:1", "x", options),
      steleError("INVALID_ARGUMENT", mention),
    );
  }
});

test("a closed model and a closed connection refuse; what is in flight ends first", async (t) => {
  const model = await digits(t, async (request) => {
    await setTimeout(100);
    return echo(request);
  });
  const run = model.run({ image });
  const closed = model.close();
  await assert.rejects(model.run({ image }), steleError("FAILED_PRECONDITION", "model is closed"));
  await closed;
  assert.deepEqual(Object.keys(await run), ["image"]);
  await model.close();
});

test("models on one connection: closing one leaves it open", async (t) => {
  const address = await serve(t, { GetModelMetadata: metadataOf(DIGITS), ModelInfer: echo });
  const connection = await Connection.open(address);
  const [first, second] = [await connection.model("a"), await connection.model("b")];
  assert.equal(first.name, "a");
  first[Symbol.dispose]();
  await assert.rejects(first.run({ image }), steleError("FAILED_PRECONDITION"));
  await second.run({ image });
  await second[Symbol.asyncDispose]();
  await connection[Symbol.asyncDispose]();
  await assert.rejects(connection.model("a"), steleError("FAILED_PRECONDITION", "connection"));
});

test("a model that a getter of the inputs closes is not run", async (t) => {
  const model = await digits(t, echo);
  const inputs = {
    get image() {
      model.close();
      return image;
    },
  };
  await assert.rejects(model.run(inputs), steleError("FAILED_PRECONDITION", "closed"));
});

test("load and unload, with the options of a model in this process", async (t) => {
  /** @type {any[]} */
  const requests = [];
  const note = (/** @type {any} */ request) => {
    requests.push(request);
    return {};
  };
  const address = await serve(t, { RepositoryModelLoad: note, RepositoryModelUnload: note });
  const connection = await Connection.open(address);
  const inline = Uint8Array.of(0x28, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1);
  await connection.load("a", "/models/a");
  await connection.load("b", "/models/b", { tags: ["x", "y"], profile: "inline" });
  await connection.load("c", "/models/c", { tags: [], config: inline });
  await connection.unload("c");
  await connection.close();
  const fields = requests.map(({ model_name, parameters }) => [
    model_name,
    ...["path", "tags", "config"].map((key) => parameters[key]?.string_param),
  ]);
  assert.deepEqual(fields, [
    ["a", "/models/a", "serve", "default"],
    ["b", "/models/b", "x,y", "inline"],
    ["c", "/models/c", "", "hex:28ffffffffffffffffff01"],
    ["c", undefined, undefined, undefined],
  ]);
});

test("TLS, with the authority that signed the server's certificate and no other", async (t) => {
  /** @param {string} name */
  const makeCertificate = (name) => {
    const [key, certificate] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
    const options = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"];
    const subject = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1"];
    execFileSync("openssl", [...options, "-keyout", key, "-out", certificate, ...subject], {
      stdio: "ignore",
    });
    return { private_key: readFileSync(key), cert_chain: readFileSync(certificate) };
  };
  const [own, other] = [makeCertificate("own"), makeCertificate("other")];
  const credentials = ServerCredentials.createSsl(null, [own]);
  const handlers = { GetModelMetadata: metadataOf(DIGITS), ModelInfer: echo };
  const address = await serve(t, handlers, { credentials });
  for (const rootCertificate of [own.cert_chain, own.cert_chain.toString()]) {
    const model = await Model.connect(address, "digits", { tls: { rootCertificate } });
    await model.run({ image });
    await model.close();
  }
  for (const tls of [{ rootCertificate: other.cert_chain }, true, false]) {
    const refused = Model.connect(address, "digits", { tls, retries: 0 });
    await assert.rejects(refused, steleError("UNAVAILABLE"));
  }
});

test("a process that closes nothing ends all the same", async (t) => {
  const address = await serve(t, { GetModelMetadata: metadataOf(DIGITS), ModelInfer: echo });
  const program = `
    import { Model, tensor } from "tf-stele/remote";
    const model = await Model.connect("${address}", "digits");
    await model.run({ image: tensor("FP32", [1, 8, 8, 1], new Float32Array(64)) });
    console.log("ran");
  `;
  const args = ["--input-type=module", "-e", program];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: ROOT,
    timeout: 60_000,
  });
  assert.equal(stdout, "ran\n");
});

test("neither TensorFlow nor koffi is loaded", () => {
  const program = `
    import { Connection } from "tf-stele/remote";
    await Connection.open("127.0.0.1:1");
    console.log(process.report.getReport().sharedObjects.join("\\n"));
  `;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    cwd: ROOT,
    encoding: "utf8",
  });
  assert.match(stdout, /libc|libSystem/);
  assert.doesNotMatch(stdout, /koffi|tensorflow/);
});
