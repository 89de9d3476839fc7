"""Exceptions: each carries a canonical code, and is what Python would raise.

SteleError
├── NotFoundError      also a FileNotFoundError
├── InvalidValueError  also a ValueError
└── InvalidTypeError   also a TypeError
"""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """The numbering that TF_Code, absl::StatusCode and gRPC share."""

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
    """Whatever goes wrong in this package.

    Attributes:
        code: The canonical code.
        message: What is wrong and what was expected, without the code.
    """

    code: Code
    message: str

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.message = message
        self.code = Code(code)

    @property
    def code_name(self) -> str:
        """The code's name, such as ``INVALID_ARGUMENT``."""
        return self.code.name

    def __str__(self) -> str:
        return f"{self.code.name}: {self.message}"

    def __reduce__(self) -> tuple[type[SteleError], tuple[str, int]]:
        return type(self), (self.message, int(self.code))


class NotFoundError(SteleError, FileNotFoundError):
    """A SavedModel, its variables, a graph with the tags, or libtensorflow is missing."""


class InvalidValueError(SteleError, ValueError):
    """A name, a shape, a value or a configuration does not fit."""


class InvalidTypeError(SteleError, TypeError):
    """An input has another dtype than the signature."""
