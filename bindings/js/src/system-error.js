// Errors of the operating system as canonical codes.

import { constants } from "node:os";
import { SteleError } from "./errors.js";

/** @typedef {import("./errors.js").CodeName} CodeName */

/** absl::ErrnoToStatus, which bindings/contract/errors.tsv repeats; any other errno is UNKNOWN. */
const ERRNO_BY_CODE = /** @type {const} */ ({
  NOT_FOUND: ["ENOENT", "ENODEV", "ENXIO", "ESRCH"],
  ALREADY_EXISTS: ["EEXIST"],
  PERMISSION_DENIED: ["EACCES", "EPERM", "EROFS"],
  FAILED_PRECONDITION: [
    ...["EISDIR", "ENOTDIR", "ENOTEMPTY"],
    ...["EBADF", "EBUSY", "EPIPE", "ETXTBSY"],
  ],
  RESOURCE_EXHAUSTED: [
    ...["ENOSPC", "EDQUOT", "EMFILE", "ENFILE"],
    ...["EMLINK", "ENOMEM", "ENOBUFS"],
  ],
  INVALID_ARGUMENT: ["EINVAL", "ENAMETOOLONG", "E2BIG", "EILSEQ", "ESPIPE", "ENOTTY"],
  OUT_OF_RANGE: ["EFBIG", "EOVERFLOW", "ERANGE"],
  UNIMPLEMENTED: ["ENOSYS", "ENOTSUP", "EXDEV"],
  UNAVAILABLE: [
    ...["EAGAIN", "EINTR", "ECONNREFUSED", "ECONNRESET", "ECONNABORTED"],
    ...["EHOSTUNREACH", "ENETUNREACH", "ENETDOWN"],
  ],
  ABORTED: ["EDEADLK", "ESTALE"],
  DEADLINE_EXCEEDED: ["ETIMEDOUT"],
  CANCELLED: ["ECANCELED"],
});

/** @type {Map<string, CodeName>} */
const BY_NAME = new Map();
/** Node has no name for some errors (EDQUOT, ESTALE), only their number. @type {Map<number, CodeName>} */
const BY_NUMBER = new Map();
for (const [code, names] of Object.entries(ERRNO_BY_CODE)) {
  for (const name of names) {
    BY_NAME.set(name, /** @type {CodeName} */ (code));
    const number = /** @type {Record<string, number>} */ (constants.errno)[name];
    if (number !== undefined) BY_NUMBER.set(number, /** @type {CodeName} */ (code));
  }
}

/**
 * The error of a file operation, with the code that absl gives to its errno.
 *
 * @param {unknown} error what a function of `node:fs` threw
 * @param {string} path
 * @returns {SteleError}
 */
export function systemError(error, path) {
  const { code = "", errno = 0, message } = /** @type {NodeJS.ErrnoException} */ (error);
  const codeName = BY_NAME.get(code) ?? BY_NUMBER.get(-errno) ?? "UNKNOWN";
  return new SteleError(codeName, `"${path}": ${message}`, { cause: error });
}
