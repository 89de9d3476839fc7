// Writes the readers and writers of a .proto file, with pbf: plain functions,
// which start in milliseconds.
//
//   node generate.mjs FILE.proto [--no-write]

// @ts-expect-error it has no types
import { compileRaw } from "pbf/compile";
// @ts-expect-error it has no types
import resolve from "resolve-protobuf-schema";

// Typed contents stay bytes, which src/remote/contents.js reads: a generated
// reader would make doubles of 64-bit integers, and lists of numbers of floats.
const CONTENTS = "InferTensorContents";

/**
 * @param {string} type
 * @returns {string} pbf has one namespace for all packages
 */
function local(type) {
  const name = type.replace(/^stele\.savedmodel\./, "");
  return name === CONTENTS ? "bytes" : name;
}

/** @param {any} message */
function prepare(message) {
  for (const field of message.fields) {
    field.type = local(field.type);
    if (field.map) field.map.to = local(field.map.to);
  }
  message.messages.forEach(prepare);
}

const [file, option] = process.argv.slice(2);
const schema = resolve.sync(file);
schema.messages = schema.messages.filter((/** @type {any} */ { name }) => name !== CONTENTS);
schema.messages.forEach(prepare);
process.stdout.write(`// @ts-nocheck\n${compileRaw(schema, { noWrite: option === "--no-write" })}`);
