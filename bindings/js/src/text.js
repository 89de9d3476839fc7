// BYTES elements are bytes; most often those bytes are text.

import { SteleError } from "./errors.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Half of a pair of UTF-16 units, which has no UTF-8. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * @param {Iterable<string>} strings
 * @returns {Uint8Array[]} each string in UTF-8
 * @throws {SteleError} INVALID_ARGUMENT: a string has a lone surrogate
 */
export function bytesFromStrings(strings) {
  return Array.from(strings, (text, index) => encodeUtf8(`element ${index}`, text));
}

/**
 * @param {string} what names the text in the message
 * @param {string} text
 * @returns {Uint8Array}
 * @throws {SteleError} INVALID_ARGUMENT: it has a lone surrogate
 */
export function encodeUtf8(what, text) {
  if (LONE_SURROGATE.test(text)) {
    throw new SteleError(
      "INVALID_ARGUMENT",
      `${what} has a lone surrogate, which UTF-8 cannot hold`,
    );
  }
  return encoder.encode(text);
}

/**
 * @param {Iterable<Uint8Array>} elements
 * @returns {string[]}
 * @throws {SteleError} INVALID_ARGUMENT: an element is not valid UTF-8
 */
export function stringsFromBytes(elements) {
  return Array.from(elements, (bytes, index) => {
    try {
      return decoder.decode(bytes);
    } catch (cause) {
      throw new SteleError("INVALID_ARGUMENT", `element ${index} is not valid UTF-8`, { cause });
    }
  });
}

/**
 * C, and so TensorFlow, ends a name at its first NUL.
 *
 * @param {string} text a name or path
 * @throws {SteleError} INVALID_ARGUMENT: it holds a NUL
 */
export function requireNoNul(text) {
  if (!text.includes("\0")) return;
  const escaped = text.replaceAll("\0", "\\0");
  throw new SteleError("INVALID_ARGUMENT", `a name or path holds a NUL: "${escaped}"`);
}
