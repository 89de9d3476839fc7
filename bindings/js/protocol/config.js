// The config of `load`, as options of `Model.load`.

import { SteleError } from "../src/errors.js";

/**
 * @param {string} config `hex:` and digits, or the name of a profile
 * @returns {import("../src/model.js").LoadOptions}
 * @throws {SteleError} INVALID_ARGUMENT: the digits are no bytes
 */
export function configuration(config) {
  if (!config.startsWith("hex:")) return { profile: /** @type {any} */ (config) };
  const digits = config.slice("hex:".length);
  if (!/^([0-9a-f]{2})*$/i.test(digits)) {
    throw new SteleError(
      "INVALID_ARGUMENT",
      `config "${config}" is not an even number of hexadecimal digits`,
    );
  }
  return { config: Uint8Array.from(Buffer.from(digits, "hex")) };
}
