// The check before a run. Without it TensorFlow 2.21 aborts the process on some
// wrong ranks and answers in silence on some wrong dimensions.

import { DTYPES, dtypeByName } from "./dtypes.js";
import { SteleError } from "./errors.js";
import { fromNested } from "./nested.js";
import { fits, formatShape } from "./shape.js";
import { checkTensor } from "./tensor.js";
import { requireNoNul } from "./text.js";
import { isUint8Array } from "./typed-array.js";

/**
 * @typedef {import("./dtypes.js").DType} DType
 * @typedef {import("./nested.js").Nested} Nested
 * @typedef {import("./signature.js").TensorSpec} TensorSpec
 * @typedef {import("./tensor.js").Tensor} Tensor
 */

/**
 * What a caller may give for an input: a tensor; nested arrays, whose nesting is the shape; a typed
 * array, which is one dimension.
 *
 * @typedef {Tensor | Nested | import("./dtypes.js").TypedArray} InputValue
 */

/** @typedef {Readonly<Record<string, InputValue>> | Iterable<[string, InputValue]>} InputValues */

/**
 * @param {import("./signature.js").Signatures} signatures
 * @param {string} name
 * @returns {{ inputs: TensorSpec[], outputs: TensorSpec[] }} of a signature that can be run
 * @throws {SteleError} NOT_FOUND: no such signature, naming those there; UNIMPLEMENTED: it has a
 *   sparse, composite or unnamed-dtype tensor
 */
export function requireSignature(signatures, name) {
  requireNoNul(name);
  const signature = signatures[name];
  if (signature === undefined) {
    throw noSignature(name, Object.keys(signatures));
  }
  const inputs = Object.values(signature.inputs);
  const outputs = Object.values(signature.outputs);
  requireDense(name, inputs, outputs);
  return { inputs, outputs };
}

/**
 * @param {string} name
 * @param {string[]} names of the signatures that there are
 * @returns {SteleError} NOT_FOUND
 */
export function noSignature(name, names) {
  return new SteleError("NOT_FOUND", `no signature "${name}"; this model has ${quoted(names)}`);
}

/**
 * @param {string[]} names
 * @returns {string} `"a", "b"`, or `none`
 */
function quoted(names) {
  return names.map((name) => `"${name}"`).join(", ") || "none";
}

/**
 * A signature is usable when every tensor is dense and of a named dtype.
 *
 * @param {string} signature
 * @param {readonly TensorSpec[]} inputs
 * @param {readonly TensorSpec[]} outputs
 * @throws {SteleError} UNIMPLEMENTED, naming the tensor
 */
export function requireDense(signature, inputs, outputs) {
  for (const [kind, specs] of /** @type {const} */ ([
    ["input", inputs],
    ["output", outputs],
  ])) {
    for (const { name, dtype, endpoint } of specs) {
      const what = `${kind} "${name}" of signature "${signature}"`;
      if (endpoint === "") {
        throw new SteleError("UNIMPLEMENTED", `${what} is sparse or composite`);
      }
      if (dtypeByName(dtype) === undefined) {
        throw new SteleError("UNIMPLEMENTED", `${what} has dtype ${dtype}`);
      }
    }
  }
}

/**
 * @param {string} signature its name
 * @param {readonly TensorSpec[]} specs its inputs
 * @param {InputValues} inputs
 * @returns {Tensor[]} in the order of `specs`; of an input that is not given, its default
 * @throws {SteleError} INVALID_ARGUMENT: an input is given twice, unknown or missing, or has another
 *   dtype, rank or known dimension than the signature
 */
export function checkInputs(signature, specs, inputs) {
  const given = requireNames(signature, specs, inputs);
  return specs.map((spec) =>
    checkInput(spec, Object.hasOwn(given, spec.name) ? given[spec.name] : spec.default),
  );
}

/**
 * The same, for who runs the model elsewhere and has the defaults there.
 *
 * @param {string} signature its name
 * @param {readonly TensorSpec[]} specs its inputs
 * @param {InputValues} inputs
 * @returns {[string, Tensor][]} those that are given, in the order of `specs`
 * @throws {SteleError} as {@link checkInputs}
 */
export function checkGivenInputs(signature, specs, inputs) {
  const given = requireNames(signature, specs, inputs);
  return specs
    .filter(({ name }) => Object.hasOwn(given, name))
    .map((spec) => [spec.name, checkInput(spec, given[spec.name])]);
}

/**
 * What can be checked of inputs when nobody says what the model takes.
 *
 * @param {InputValues} inputs
 * @returns {[string, Tensor][]}
 * @throws {SteleError} INVALID_ARGUMENT: an input is given twice or is no tensor, which alone has a
 *   dtype of its own
 */
export function checkTensors(inputs) {
  return Object.entries(byName(inputs)).map(([name, value]) => {
    const what = `input "${name}"`;
    if (!isTensorLike(value)) {
      throw new SteleError(
        "INVALID_ARGUMENT",
        `${what} needs to be a tensor: what this model takes is not known`,
      );
    }
    return [name, checkTensor(what, value)];
  });
}

/**
 * @param {unknown} inputs
 * @returns {Record<string, unknown>}
 */
function byName(inputs) {
  if (typeof inputs !== "object" || inputs === null) {
    throw new SteleError("INVALID_ARGUMENT", "inputs are an object of tensors by name");
  }
  return Symbol.iterator in inputs
    ? fromPairs(/** @type {Iterable<unknown>} */ (inputs))
    : /** @type {Record<string, unknown>} */ (inputs);
}

/**
 * @param {unknown} value
 * @returns {value is { dtype?: unknown, shape?: unknown, data?: unknown }}
 */
function isTensorLike(value) {
  return typeof value === "object" && value !== null && "dtype" in value;
}

/**
 * @param {Iterable<unknown>} pairs
 * @returns {Record<string, unknown>}
 */
function fromPairs(pairs) {
  const list = Array.from(pairs);
  for (const pair of list) {
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== "string") {
      throw new SteleError(
        "INVALID_ARGUMENT",
        "inputs are tensors by name, or pairs of name and tensor",
      );
    }
  }
  const entries = /** @type {[string, unknown][]} */ (list);
  const seen = new Set();
  for (const [name] of entries) {
    if (seen.has(name)) {
      throw new SteleError("INVALID_ARGUMENT", `input "${name}" is given twice`);
    }
    seen.add(name);
  }
  return Object.fromEntries(entries);
}

/**
 * In one pass: a signature may have very many inputs, and a caller may give very many.
 *
 * @param {string} signature
 * @param {readonly TensorSpec[]} specs
 * @param {InputValues} inputs
 * @returns {Record<string, unknown>} them by name
 */
function requireNames(signature, specs, inputs) {
  const given = byName(inputs);
  const names = Object.keys(given);
  let known = 0;
  for (const { name } of specs) if (Object.hasOwn(given, name)) known++;
  if (known < names.length) {
    const expected = new Set(specs.map(({ name }) => name));
    const unknown = /** @type {string} */ (names.find((name) => !expected.has(name)));
    requireNoNul(unknown);
    throw new SteleError(
      "INVALID_ARGUMENT",
      `no input "${unknown}"; signature "${signature}" has ${quoted([...expected])}`,
    );
  }
  if (known === specs.length) return given;
  const missing = specs.find((spec) => !(Object.hasOwn(given, spec.name) || spec.default));
  if (missing !== undefined) {
    throw new SteleError(
      "INVALID_ARGUMENT",
      `input "${missing.name}" of signature "${signature}" is missing`,
    );
  }
  return given;
}

/**
 * @param {TensorSpec} spec
 * @param {unknown} value
 * @returns {Tensor}
 */
function checkInput(spec, value) {
  const what = `input "${spec.name}"`;
  const tensor = checkTensor(what, asTensor(what, /** @type {DType} */ (spec.dtype), value));
  if (tensor.dtype !== spec.dtype) {
    throw new SteleError(
      "INVALID_ARGUMENT",
      `${what} has dtype ${tensor.dtype}, expected ${spec.dtype}`,
    );
  }
  if (!fits(tensor.shape, spec.shape)) {
    throw new SteleError(
      "INVALID_ARGUMENT",
      `${what} has shape ${formatShape(tensor.shape)}, expected ${formatShape(spec.shape)}`,
    );
  }
  return tensor;
}

/**
 * @param {string} what
 * @param {DType} dtype of the signature, for values that have none of their own
 * @param {unknown} value
 * @returns {{ dtype?: unknown, shape?: unknown, data?: unknown }}
 */
function asTensor(what, dtype, value) {
  if (isTensorLike(value)) return value;
  if (ArrayBuffer.isView(value) && !(dtype === "BYTES" && isUint8Array(value))) {
    const { length } = /** @type {Uint8Array} */ (value);
    return { dtype, shape: [length / DTYPES[dtype].lanes], data: value };
  }
  return fromNested(what, dtype, value);
}
