"""Canonical status codes, and the one error type that carries them.

TF_Code, absl::StatusCode and gRPC share this numbering, so one bad input gives
the same code in every language and over the network.
"""

from __future__ import annotations

import errno
from enum import IntEnum


class Code(IntEnum):
    """A canonical status code."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


class SteleError(Exception):
    """An error with a canonical code and a message a person can act on."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code.name}: {self.message}"


# As absl::ErrnoToStatus; bindings/contract/errors.tsv says it for every language.
_ERRNO_CODES = {
    errno.ENOENT: Code.NOT_FOUND,
    errno.ENODEV: Code.NOT_FOUND,
    errno.ENXIO: Code.NOT_FOUND,
    errno.ESRCH: Code.NOT_FOUND,
    errno.EEXIST: Code.ALREADY_EXISTS,
    errno.EACCES: Code.PERMISSION_DENIED,
    errno.EPERM: Code.PERMISSION_DENIED,
    errno.EROFS: Code.PERMISSION_DENIED,
    errno.EISDIR: Code.FAILED_PRECONDITION,
    errno.ENOTDIR: Code.FAILED_PRECONDITION,
    errno.ENOTEMPTY: Code.FAILED_PRECONDITION,
    errno.EBADF: Code.FAILED_PRECONDITION,
    errno.EBUSY: Code.FAILED_PRECONDITION,
    errno.EPIPE: Code.FAILED_PRECONDITION,
    errno.ETXTBSY: Code.FAILED_PRECONDITION,
    errno.ENOSPC: Code.RESOURCE_EXHAUSTED,
    errno.EDQUOT: Code.RESOURCE_EXHAUSTED,
    errno.EMFILE: Code.RESOURCE_EXHAUSTED,
    errno.ENFILE: Code.RESOURCE_EXHAUSTED,
    errno.EMLINK: Code.RESOURCE_EXHAUSTED,
    errno.ENOMEM: Code.RESOURCE_EXHAUSTED,
    errno.ENOBUFS: Code.RESOURCE_EXHAUSTED,
    errno.EINVAL: Code.INVALID_ARGUMENT,
    errno.ENAMETOOLONG: Code.INVALID_ARGUMENT,
    errno.E2BIG: Code.INVALID_ARGUMENT,
    errno.EILSEQ: Code.INVALID_ARGUMENT,
    errno.ESPIPE: Code.INVALID_ARGUMENT,
    errno.ENOTTY: Code.INVALID_ARGUMENT,
    errno.EFBIG: Code.OUT_OF_RANGE,
    errno.EOVERFLOW: Code.OUT_OF_RANGE,
    errno.ERANGE: Code.OUT_OF_RANGE,
    errno.ENOSYS: Code.UNIMPLEMENTED,
    errno.ENOTSUP: Code.UNIMPLEMENTED,
    errno.EXDEV: Code.UNIMPLEMENTED,
    errno.EAGAIN: Code.UNAVAILABLE,
    errno.EINTR: Code.UNAVAILABLE,
    errno.ECONNREFUSED: Code.UNAVAILABLE,
    errno.ECONNRESET: Code.UNAVAILABLE,
    errno.ECONNABORTED: Code.UNAVAILABLE,
    errno.EHOSTUNREACH: Code.UNAVAILABLE,
    errno.ENETUNREACH: Code.UNAVAILABLE,
    errno.ENETDOWN: Code.UNAVAILABLE,
    errno.EDEADLK: Code.ABORTED,
    errno.ESTALE: Code.ABORTED,
    errno.ETIMEDOUT: Code.DEADLINE_EXCEEDED,
    errno.ECANCELED: Code.CANCELLED,
}


def from_os_error(error: OSError) -> SteleError:
    """Give an operating system's error its canonical code, keeping the path."""
    code = _ERRNO_CODES.get(error.errno or 0, Code.UNKNOWN)
    where = f'"{error.filename}": ' if error.filename is not None else ""
    return SteleError(code, f"{where}{error.strerror or error}")
