// Recognises one handwritten digit.
//
//   node examples/digits.mjs build/models/digits/saved_model

import { formatShape, Model, tensor } from "tf-stele";

const PIXELS = [
  [0, 0, 5, 13, 12, 3, 0, 0],
  [0, 2, 15, 11, 12, 14, 1, 0],
  [0, 5, 14, 1, 1, 14, 6, 0],
  [0, 7, 12, 0, 0, 10, 8, 0],
  [0, 7, 11, 0, 0, 10, 8, 0],
  [0, 5, 13, 0, 1, 13, 6, 0],
  [0, 1, 14, 10, 12, 14, 1, 0],
  [0, 0, 5, 14, 12, 3, 0, 0],
];

const signature = "serving_default";
const model = await Model.load(process.argv[2]);
const { inputs, outputs } = model.signatures[signature];
const [input] = Object.values(inputs);
const [output] = Object.values(outputs);
console.log(`signature ${signature}`);
console.log(`input ${input.name} ${input.dtype} ${formatShape(input.shape)}`);
console.log(`output ${output.name} ${output.dtype} ${formatShape(output.shape)}`);

const image = tensor("FP32", [1, 8, 8, 1], Float32Array.from(PIXELS.flat()));
const result = model.run({ [input.name]: image }, { signature })[output.name];
const probabilities = Array.from(result.data, Number);
console.log(`digit ${probabilities.indexOf(Math.max(...probabilities))}`);
console.log(`probabilities ${probabilities.map((p) => p.toFixed(6)).join(" ")}`);

// Without the batch: refused before TensorFlow sees it.
const one = tensor("FP32", [8, 8, 1], image.data);
try {
  model.run({ [input.name]: one }, { signature });
} catch (error) {
  const { codeName, message } = /** @type {import("tf-stele").SteleError} */ (error);
  console.log(`refused ${codeName}: ${message}`);
}

await model.close();
