// Compiled, never run: what the types must allow, and (behind @ts-expect-error)
// what they must refuse. package.test.js compiles it against the packed types.

import { Model, type Tensor, tensor } from "tf-stele";

type Digits = {
  serving_default: {
    inputs: { image: { dtype: "FP32"; shape: [null, 8, 8, 1] } };
    outputs: { probabilities: { dtype: "FP32"; shape: [null, 10] } };
  };
  embed: {
    inputs: { text: { dtype: "BYTES"; shape: null } };
    outputs: { vector: { dtype: "FP64"; shape: [4] } };
  };
};

const model = await Model.load<Digits>("digits", { profile: "inline", tags: ["serve"] });
const image = tensor("FP32", [1, 8, 8, 1], new Float32Array(64)); // a literal shape

const { probabilities } = model.run({ image });
const values: Float32Array = probabilities.data;
const shape: readonly [number, 10] = probabilities.shape;
const { vector } = await model.runAsync({ text: ["any", "text"] }, { signature: "embed" });
const vectors: Float64Array = vector.data;
model.run({ image: { dtype: "FP32", shape: [1, 8, 8, 1], data: values } });
model.run([["image", image]]);

const { image: known } = model.signatures.serving_default.inputs;
const told: readonly [string, "FP32", readonly [null, 8, 8, 1]] = [
  known.name,
  known.dtype,
  known.shape,
];
void told;

// @ts-expect-error no such signature
model.signatures.predict;
// @ts-expect-error no such input
model.signatures.serving_default.inputs.picture;
// @ts-expect-error no such input
model.run({ picture: image });
// @ts-expect-error input missing
model.run({});
// @ts-expect-error wrong dtype
model.run({ image: tensor("FP64", [1, 8, 8, 1], new Float64Array(64)) });
// @ts-expect-error wrong rank
model.run({ image: tensor("FP32", [8, 8], new Float32Array(64)) });
// @ts-expect-error wrong dimension
model.run({ image: tensor("FP32", [1, 4, 16, 1], new Float32Array(64)) });
// @ts-expect-error wrong array
tensor("INT64", [1], Int32Array.of(1));
// @ts-expect-error no such output
model.run({ image }).logits;
// @ts-expect-error no such profile
await Model.load("digits", { profile: "fast" });
// @ts-expect-error no such dtype
tensor("float32", [1], Float32Array.of(1));

const untyped = await Model.load("any");
const outputs: Record<string, Tensor> = untyped.run({ anything: [1, 2], more: "text" });
if (outputs.y.dtype === "INT64") {
  const bigints: BigInt64Array = outputs.y.data;
  void bigints;
}
const spec = untyped.signatures.serving_default.inputs.image;
const dims: readonly (number | null)[] | null = spec.shape;

using scoped = await Model.load<Digits>("digits");
await using waited = untyped;
void [vectors, shape, dims, scoped, waited];
