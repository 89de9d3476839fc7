// Tensors to and from TensorFlow's own memory. Everything is copied: no
// JavaScript array ever points into memory that TensorFlow may free.

import { DTYPES, dtypeByNumber } from "./dtypes.js";
import { SteleError } from "./errors.js";
import { addressOf } from "./ffi.js";
import { MAX_RANK } from "./shape.js";

/**
 * @typedef {import("./dtypes.js").TypedArray} TypedArray
 * @typedef {import("./ffi.js").C} C
 * @typedef {import("./ffi.js").Pointer} Pointer
 * @typedef {import("./tensor.js").Tensor} Tensor
 */

/**
 * @template {TypedArray} [A=TypedArray]
 * @typedef {new (length: number) => A} ArrayClass
 */

const TSTRING_BYTES = 24; // TF_TString

/** Where dimensions are passed to C. A call is over before the next one writes here. */
const dims = new BigInt64Array(MAX_RANK);
const dimsAddress = addressOf(dims);
/** The same memory as numbers: a bigint for each dimension would cost more than the rest. */
const dimHalves = new Uint32Array(dims.buffer);

/**
 * Small arrays go through this one, whose address is known: to ask for that of
 * a new array takes longer than to copy a few kilobytes once more.
 */
const stage = new Uint8Array(16 * 1024);
const stageAddress = addressOf(stage);

/** @type {Map<ArrayClass, any>} the stage's memory as an array of each class */
const stageAs = new Map();
for (const { array } of Object.values(DTYPES)) {
  if (array !== undefined) stageAs.set(array, Reflect.construct(array, [stage.buffer]));
}

/**
 * @param {TypedArray} data
 * @param {ArrayClass} array its class
 * @returns {Pointer | TypedArray} the same elements, for one call into C
 */
function staged(data, array) {
  if (data.byteLength > stage.byteLength) return data;
  stageAs.get(array).set(data);
  return stageAddress;
}

/**
 * @template {TypedArray} A
 * @param {C} c
 * @param {Pointer} from
 * @param {ArrayClass<A>} array
 * @param {number} length
 * @returns {A} new
 * @throws {SteleError} RESOURCE_EXHAUSTED
 */
function copyOut(c, from, array, length) {
  const small = stageAs.get(array);
  const bytes = length * small.BYTES_PER_ELEMENT;
  if (bytes <= stage.byteLength) {
    if (bytes > 0) c.memcpy(stageAddress, from, bytes);
    return small.slice(0, length);
  }
  const to = allocate(array, length);
  c.memcpy(to, from, bytes);
  return to;
}

/**
 * @template {TypedArray} A
 * @param {ArrayClass<A>} array
 * @param {number} length
 * @returns {A}
 */
function allocate(array, length) {
  try {
    return new array(length);
  } catch (cause) {
    throw new SteleError("RESOURCE_EXHAUSTED", `no memory for ${length} elements`, { cause });
  }
}

/**
 * Copies a tensor into one of TensorFlow's, which is aligned as it likes. With
 * it TensorFlow (2.16 to 2.21) deletes its strings: to do so here would take
 * them from a variable of the model that holds the same memory.
 *
 * @param {C} c
 * @param {Tensor} tensor checked
 * @returns {Pointer} a TF_Tensor for the caller to delete
 * @throws {SteleError} RESOURCE_EXHAUSTED; INVALID_ARGUMENT: the data changed since the check
 */
export function newInput(c, { dtype, shape, data }) {
  const { number, array, lanes, size } = DTYPES[dtype];
  let count = 1;
  for (let i = 0; i < shape.length; i++) {
    dimHalves[2 * i] = shape[i];
    dimHalves[2 * i + 1] = shape[i] / 2 ** 32;
    count *= shape[i];
  }
  // TensorFlow believes the shape, and a caller's getter may have detached the
  // data's buffer after the check.
  if (data.length !== count * lanes) {
    throw new SteleError("INVALID_ARGUMENT", "the data of a tensor changed during the call");
  }
  const bytes = count * (size || TSTRING_BYTES);
  const tensor = c.allocateTensor(number, dimsAddress, shape.length, bytes);
  if (tensor === null) {
    throw new SteleError("RESOURCE_EXHAUSTED", `no memory for a tensor of ${bytes} bytes`);
  }
  if (count === 0) return tensor;
  const to = c.tensorData(tensor);
  if (array === undefined) copyStringsIn(c, to, /** @type {Uint8Array[]} */ (data));
  else c.memcpy(to, staged(/** @type {TypedArray} */ (data), array), bytes);
  return tensor;
}

/**
 * @param {C} c
 * @param {Pointer} tensor a TF_Tensor
 * @returns {Tensor} a copy
 * @throws {SteleError} UNIMPLEMENTED: a dtype that has no name here; RESOURCE_EXHAUSTED
 */
export function readOutput(c, tensor) {
  const number = c.tensorType(tensor);
  const info = dtypeByNumber(number);
  if (info === undefined) {
    throw new SteleError("UNIMPLEMENTED", `TensorFlow returned a tensor of dtype TF_${number}`);
  }
  const rank = c.rank(tensor);
  const shape = [];
  let count = 1;
  for (let i = 0; i < rank; i++) {
    const dim = Number(c.dim(tensor, i));
    shape.push(dim);
    count *= dim;
  }
  const from = c.tensorData(tensor);
  const data =
    info.array === undefined
      ? copyStringsOut(c, from, count)
      : copyOut(c, from, info.array, count * info.lanes);
  return /** @type {Tensor} */ ({ dtype: info.name, shape, data });
}

/**
 * @param {Pointer} first the first of an array of TF_TString
 * @param {number} index
 * @returns {Pointer}
 */
function stringAt(first, index) {
  return first + BigInt(index * TSTRING_BYTES);
}

/**
 * @param {C} c
 * @param {Pointer} first
 * @param {readonly Uint8Array[]} elements
 */
function copyStringsIn(c, first, elements) {
  elements.forEach((element, i) => {
    const string = stringAt(first, i);
    c.stringInit(string);
    c.stringCopy(string, staged(element, Uint8Array), element.length);
  });
}

/**
 * @param {C} c
 * @param {Pointer} first
 * @param {number} count
 * @returns {Uint8Array[]}
 */
function copyStringsOut(c, first, count) {
  return Array.from({ length: count }, (_, i) => {
    const string = stringAt(first, i);
    return copyOut(c, c.stringData(string), Uint8Array, Number(c.stringSize(string)));
  });
}
