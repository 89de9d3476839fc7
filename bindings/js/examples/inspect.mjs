// Prints every signature of a SavedModel.
//
//   node examples/inspect.mjs build/models/dtypes/saved_model
//   node examples/inspect.mjs build/models/dtypes/saved_model --types DTypes

import { formatShape, Model, toTypeScript } from "tf-stele";

const [dir, option, name = "Signatures"] = process.argv.slice(2);
const model = await Model.load(dir);

if (option === "--types") {
  process.stdout.write(toTypeScript(model.signatures, name));
} else {
  for (const [signature, { inputs, outputs }] of Object.entries(model.signatures)) {
    console.log(`signature ${signature}`);
    for (const input of Object.values(inputs)) {
      console.log(`input ${input.name} ${input.dtype} ${formatShape(input.shape)}`);
    }
    for (const output of Object.values(outputs)) {
      console.log(`output ${output.name} ${output.dtype} ${formatShape(output.shape)}`);
    }
  }
}

await model.close();
