import { SteleError } from "../../src/errors.js";

/**
 * What a converted model cannot do at all, and the SavedModel can: a signature that has no
 * counterpart in the format, a dtype or a shape that the runtime does not take.
 */
export class UnsupportedError extends SteleError {
  /**
   * @param {string} message
   * @param {ErrorOptions} [options]
   */
  constructor(message, options) {
    super("UNIMPLEMENTED", message, options);
  }
}
