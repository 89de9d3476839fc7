// BYTES elements are bytes; most often those bytes are text.

import { SteleError } from "./errors.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * @param {Iterable<string>} strings
 * @returns {Uint8Array[]} each string in UTF-8
 */
export function bytesFromStrings(strings) {
  return Array.from(strings, (text) => encoder.encode(text));
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
