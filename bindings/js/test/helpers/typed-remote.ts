// As typed.ts, for tf-stele/remote.

import { Connection, Model, SteleError, type Tensor, tensor } from "tf-stele/remote";

type Digits = {
  serving_default: {
    inputs: { image: { dtype: "FP32"; shape: [null, 8, 8, 1] } };
    outputs: { probabilities: { dtype: "FP32"; shape: [null, 10] } };
  };
};

const rootCertificate = new Uint8Array();
const options = { deadline: 2000, retries: 2, tls: { rootCertificate }, maxMessage: 2 ** 20 };
const model = await Model.connect<Digits>("localhost:8500", "digits", { version: "3", ...options });
const image = tensor("FP32", [1, 8, 8, 1], new Float32Array(64));

const { probabilities } = await model.run({ image }, { deadline: 100 });
const values: Float32Array = probabilities.data;
const { signal } = new AbortController();
const again = await model.runAsync([["image", image]], { signature: "serving_default", signal });
const shape: readonly [null, 8, 8, 1] = model.signatures.serving_default.inputs.image.shape;

// @ts-expect-error no such input
await model.run({ picture: image });
// @ts-expect-error no such output
(await model.run({ image })).logits;
// @ts-expect-error a certificate alone
await Model.connect("localhost:8500", "digits", { tls: rootCertificate });

await using connection = await Connection.open("localhost:8500", options);
await connection.load("digits", "/models/digits", { profile: "inline" });
const untyped = await connection.model("digits");
const outputs: Record<string, Tensor> = await untyped.run({ anything: [1, 2] });
void [values, again, shape, outputs, SteleError];
