// A converted model has no TensorFlow session that a config could be for.

import { PbfReader } from "pbf";
import { configuration } from "../protocol/config.js";
import { Unsupported } from "../protocol/loop.js";
import { configBytes } from "../src/config.js";
import { SteleError } from "../src/errors.js";

/**
 * @param {string} text of `load`
 * @throws {SteleError} INVALID_ARGUMENT: no profile, or bytes that are no message
 * @throws {Unsupported} a config that says something
 */
export function requireDefaultConfig(text) {
  const { profile, config } = configuration(text);
  const bytes = configBytes(profile, config);
  requireMessage(text, bytes);
  const says = profile === undefined ? bytes.length > 0 : profile !== "default";
  if (says) throw new Unsupported("a session config: a converted model has no session");
}

/**
 * @param {string} text
 * @param {Uint8Array} bytes
 */
function requireMessage(text, bytes) {
  const reader = new PbfReader(bytes);
  try {
    while (reader.nextField() !== 0) reader.skip(reader.type);
    // The reader steps over an end that comes too early.
    if (reader.pos === bytes.length) return;
  } catch {
    // said below
  }
  throw new SteleError("INVALID_ARGUMENT", `config "${text}" is no serialized ConfigProto`);
}
