"""What a service knows about the call that it answers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from stele.contract.codes import Code, SteleError


class Call(Protocol):
    """One call of a client; a ``grpc.ServicerContext`` is one."""

    def time_remaining(self) -> float | None:
        """Seconds until the client's deadline; None if it has none."""

    def is_active(self) -> bool:
        """Whether the client still waits for the answer."""

    def add_callback(self, callback: Callable[[], None]) -> bool:
        """Have a function called at the call's end; False if it has ended already."""


class Detached:
    """A call without a deadline, which nobody can cancel."""

    def time_remaining(self) -> float | None:
        """There is no deadline."""
        return None

    def is_active(self) -> bool:
        """It cannot be cancelled."""
        return True

    def add_callback(self, callback: Callable[[], None]) -> bool:  # noqa: ARG002
        """It has no end that anybody could hear of."""
        return True


def patience(call: Call) -> float | None:
    """Return how many seconds to wait on behalf of a call; None: for ever."""
    remaining = call.time_remaining()
    # grpcio gives a call without a deadline more time than a lock can wait.
    return None if remaining is None else min(remaining, threading.TIMEOUT_MAX)


def check(call: Call) -> None:
    """Refuse to go on with a call that nobody waits for.

    Raises:
        SteleError: DEADLINE_EXCEEDED or CANCELLED.
    """
    remaining = call.time_remaining()
    if remaining is not None and remaining <= 0:
        raise SteleError(Code.DEADLINE_EXCEEDED, "the deadline passed before the model was run")
    if not call.is_active():
        raise SteleError(Code.CANCELLED, "the client cancelled before the model was run")
