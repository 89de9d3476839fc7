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

/** The errno values a file operation can meet, as absl maps them to canonical codes. */
const ERRNO = new Map(
  /** @type {[string, CodeName][]} */ ([
    ["EACCES", "PERMISSION_DENIED"],
    ["EPERM", "PERMISSION_DENIED"],
    ["EROFS", "PERMISSION_DENIED"],
    ["ENOENT", "NOT_FOUND"],
    ["EEXIST", "ALREADY_EXISTS"],
    ["EISDIR", "FAILED_PRECONDITION"],
    ["ENOTDIR", "FAILED_PRECONDITION"],
    ["ENOTEMPTY", "FAILED_PRECONDITION"],
    ["EINVAL", "INVALID_ARGUMENT"],
    ["ENAMETOOLONG", "INVALID_ARGUMENT"],
    // Node's own: a NUL byte in a path.
    ["ERR_INVALID_ARG_VALUE", "INVALID_ARGUMENT"],
    ["EDQUOT", "RESOURCE_EXHAUSTED"],
    ["EMFILE", "RESOURCE_EXHAUSTED"],
    ["ENFILE", "RESOURCE_EXHAUSTED"],
    ["ENOMEM", "RESOURCE_EXHAUSTED"],
    ["ENOSPC", "RESOURCE_EXHAUSTED"],
    ["ERR_FS_FILE_TOO_LARGE", "RESOURCE_EXHAUSTED"],
  ]),
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

  /**
   * The error of a file operation, with the code that absl gives to its errno.
   *
   * @param {unknown} error what a function of `node:fs` threw
   * @param {string} path
   * @returns {SteleError}
   */
  static fromSystem(error, path) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    return new SteleError(ERRNO.get(code ?? "") ?? "UNKNOWN", `"${path}": ${message}`, {
      cause: error,
    });
  }
}
