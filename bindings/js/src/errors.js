// One error class for everything that can go wrong, with the numbering that
// TF_Code, absl::StatusCode and gRPC share.

/** The canonical codes by name. */
export const Code = Object.freeze(
  /** @type {const} */ ({
    CANCELLED: 1,
    UNKNOWN: 2,
    INVALID_ARGUMENT: 3,
    DEADLINE_EXCEEDED: 4,
    NOT_FOUND: 5,
    ALREADY_EXISTS: 6,
    PERMISSION_DENIED: 7,
    RESOURCE_EXHAUSTED: 8,
    FAILED_PRECONDITION: 9,
    ABORTED: 10,
    OUT_OF_RANGE: 11,
    UNIMPLEMENTED: 12,
    INTERNAL: 13,
    UNAVAILABLE: 14,
    DATA_LOSS: 15,
    UNAUTHENTICATED: 16,
  }),
);

/** @typedef {keyof typeof Code} CodeName */

/** @type {Map<number, CodeName>} */
const NAMES = new Map(
  Object.entries(Code).map(([name, code]) => [code, /** @type {CodeName} */ (name)]),
);

/** What every function of this package throws, or rejects with. */
export class SteleError extends Error {
  /**
   * @param {CodeName | number} code a canonical code, by name or by number
   * @param {string} message
   * @param {ErrorOptions} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    const number = typeof code === "number" ? code : Code[code];
    /** The canonical code by number, for example 3. */
    this.code = number;
    /**
     * The canonical code by name, for example `"INVALID_ARGUMENT"`.
     * @type {CodeName}
     */
    this.codeName = NAMES.get(number) ?? "UNKNOWN";
  }

  /** @override */
  get name() {
    return "SteleError";
  }
}
