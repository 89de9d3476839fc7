// The signatures of a model as a TypeScript type, from which an editor knows
// names, dtypes and shapes.

/**
 * @typedef {import("./signature.js").Signatures} Signatures
 * @typedef {import("./signature.js").TensorSpec} TensorSpec
 */

/**
 * Writes a model's signatures as the type that `Model` takes: `Model.load<Digits>(dir)`.
 *
 * @param {Signatures} signatures of a loaded model
 * @param {string} name of the type
 * @returns {string} TypeScript source
 */
export function toTypeScript(signatures, name) {
  const lines = [`export type ${name} = {`];
  for (const [signature, { inputs, outputs }] of Object.entries(signatures)) {
    lines.push(`  ${JSON.stringify(signature)}: {`);
    lines.push(`    inputs: {${tensorTypes(inputs)}};`);
    lines.push(`    outputs: {${tensorTypes(outputs)}};`);
    lines.push("  };");
  }
  return `${lines.join("\n")}\n};\n`;
}

/**
 * @param {Readonly<Record<string, TensorSpec>>} specs
 * @returns {string}
 */
function tensorTypes(specs) {
  const members = Object.values(specs).map(({ name, dtype, shape }) => {
    const dims = shape === null ? "null" : `[${shape.map(String).join(", ")}]`;
    return `${JSON.stringify(name)}: { dtype: ${JSON.stringify(dtype)}; shape: ${dims} }`;
  });
  return members.length === 0 ? "" : ` ${members.join("; ")} `;
}
