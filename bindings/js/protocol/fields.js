// Fields of the worker protocol's lines: text without tabs and newlines.

import { SteleError } from "../src/errors.js";

/** @type {Record<string, string>} */
const ESCAPES = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0" };
const ORIGINALS = new Map(Object.entries(ESCAPES).map(([raw, text]) => [text, raw]));

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * @param {string} text
 * @returns {string}
 */
export function escapeField(text) {
  return text.replace(/[\\\t\n\r\0]/g, (raw) => ESCAPES[raw]);
}

/**
 * @param {string} field
 * @returns {string}
 * @throws {SteleError} INVALID_ARGUMENT: a backslash begins no escape
 */
export function unescapeField(field) {
  return field.replace(/\\.?/gsu, (text) => {
    const raw = ORIGINALS.get(text);
    if (raw === undefined) {
      throw new SteleError("INVALID_ARGUMENT", `unknown escape "${text}" in "${field}"`);
    }
    return raw;
  });
}

/**
 * @param {string} what names the bytes in the message
 * @param {Uint8Array} bytes
 * @returns {string}
 * @throws {SteleError} INVALID_ARGUMENT
 */
export function decodeUtf8(what, bytes) {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new SteleError("INVALID_ARGUMENT", `${what} is not UTF-8`, { cause });
  }
}
