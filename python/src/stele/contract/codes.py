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


_ERRNO_CODES = {
    errno.ENOENT: Code.NOT_FOUND,
    errno.ENOTDIR: Code.NOT_FOUND,
    errno.EACCES: Code.PERMISSION_DENIED,
    errno.EPERM: Code.PERMISSION_DENIED,
    errno.EROFS: Code.PERMISSION_DENIED,
    errno.EEXIST: Code.ALREADY_EXISTS,
    errno.ENOSPC: Code.RESOURCE_EXHAUSTED,
    errno.EMFILE: Code.RESOURCE_EXHAUSTED,
    errno.EINVAL: Code.INVALID_ARGUMENT,
    errno.ENAMETOOLONG: Code.INVALID_ARGUMENT,
    errno.EISDIR: Code.FAILED_PRECONDITION,
}


def from_os_error(error: OSError) -> SteleError:
    """Give an operating system's error its canonical code, keeping the path."""
    code = _ERRNO_CODES.get(error.errno or 0, Code.UNKNOWN)
    where = f'"{error.filename}": ' if error.filename is not None else ""
    return SteleError(code, f"{where}{error.strerror or error}")
