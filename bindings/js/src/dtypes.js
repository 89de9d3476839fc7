// The one table of dtypes: their names in the Open Inference Protocol,
// TensorFlow's numbers, and the JavaScript arrays that hold their elements.

/**
 * @typedef {object} DTypeInfo
 * @property {DType} name
 * @property {number} number TensorFlow's DataType
 * @property {number} size bytes of one element; 0 for BYTES, whose elements differ
 * @property {number} lanes array items per element: 2 for a complex number, else 1
 * @property {new (length: number) => TypedArray} [array] holds the elements; BYTES has none
 */

/**
 * @typedef {Int8Array | Int16Array | Int32Array | BigInt64Array | Uint8Array | Uint16Array
 *   | Uint32Array | BigUint64Array | Float32Array | Float64Array} TypedArray
 */

/**
 * What holds the elements of a tensor, by dtype. Elements are row-major: the
 * last index moves fastest.
 *
 * @typedef {object} DataOf
 * @property {Uint8Array} BOOL one byte each, 0 or 1
 * @property {Int8Array} INT8
 * @property {Int16Array} INT16
 * @property {Int32Array} INT32
 * @property {BigInt64Array} INT64
 * @property {Uint8Array} UINT8
 * @property {Uint16Array} UINT16
 * @property {Uint32Array} UINT32
 * @property {BigUint64Array} UINT64
 * @property {Uint16Array} FP16 raw bits; see `float16FromNumbers` and `numbersFromFloat16`
 * @property {Uint16Array} BF16 raw bits; see `bfloat16FromNumbers` and `numbersFromBfloat16`
 * @property {Float32Array} FP32
 * @property {Float64Array} FP64
 * @property {Float32Array} C64 real and imaginary part in turn
 * @property {Float64Array} C128 real and imaginary part in turn
 * @property {Uint8Array[]} BYTES any bytes; see `bytesFromStrings` and `stringsFromBytes`
 */

/** @typedef {keyof DataOf} DType */

/** @type {[DType, number, DTypeInfo["array"], number?][]} */
const TABLE = [
  ["BOOL", 10, Uint8Array],
  ["INT8", 6, Int8Array],
  ["INT16", 5, Int16Array],
  ["INT32", 3, Int32Array],
  ["INT64", 9, BigInt64Array],
  ["UINT8", 4, Uint8Array],
  ["UINT16", 17, Uint16Array],
  ["UINT32", 22, Uint32Array],
  ["UINT64", 23, BigUint64Array],
  ["FP16", 19, Uint16Array],
  ["BF16", 14, Uint16Array],
  ["FP32", 1, Float32Array],
  ["FP64", 2, Float64Array],
  ["C64", 8, Float32Array, 2],
  ["C128", 18, Float64Array, 2],
  ["BYTES", 7, undefined],
];

/** @type {Record<DType, DTypeInfo>} */
const byName = Object.create(null);
/** @type {Map<number, DTypeInfo>} */
const byNumber = new Map();
for (const [name, number, array, lanes = 1] of TABLE) {
  const size = array === undefined ? 0 : new array(0).BYTES_PER_ELEMENT * lanes;
  const info = Object.freeze({ name, number, size, lanes, array });
  byName[name] = info;
  byNumber.set(number, info);
}

/** Every dtype by name, in the order of the protocol. */
export const DTYPES = Object.freeze(byName);

/**
 * @param {string} name
 * @returns {DTypeInfo | undefined}
 */
export function dtypeByName(name) {
  return byName[/** @type {DType} */ (name)];
}

/**
 * @param {number} number TensorFlow's DataType
 * @returns {DTypeInfo | undefined}
 */
export function dtypeByNumber(number) {
  return byNumber.get(number);
}
