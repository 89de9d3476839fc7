// Fields of the worker protocol's lines: text without tabs and newlines.

/** @type {Record<string, string>} */
const ESCAPES = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0" };
const ORIGINALS = Object.fromEntries(Object.entries(ESCAPES).map(([raw, text]) => [text, raw]));

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
 */
export function unescapeField(field) {
  return field.replace(/\\[\\tnr0]/g, (text) => ORIGINALS[text]);
}
