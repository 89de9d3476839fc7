"""How many calls may run, and how many may wait: the rest is refused at once."""

from __future__ import annotations

import threading
from collections import deque

from stele.contract.codes import Code, SteleError
from stele.server.call import Call, check, patience


class Admission:
    """Bounds the calls inside the server.

    A call first needs a place, of which there are ``workers + queue``, then, to run
    the model, a turn, of which there are ``workers``, given in the order of arrival.
    Calls in one batch have a place each and share a turn.
    """

    def __init__(self, workers: int, queue: int) -> None:
        self._capacity = workers + queue
        self._inside = 0
        self._free = workers
        self._waiting: deque[threading.Event] = deque()
        self._closed = False
        self._lock = threading.Lock()
        self._left = threading.Condition(self._lock)

    @property
    def inside(self) -> int:
        """How many calls run or wait."""
        return self._inside

    def close(self) -> None:
        """Let nobody in any more."""
        self._closed = True

    def wait_empty(self, seconds: float) -> bool:
        """Wait until nobody is inside; return whether that came about in time."""
        with self._left:
            return self._left.wait_for(lambda: not self._inside, seconds)

    def place(self) -> _Place:
        """Take a place, to be held in a ``with`` statement.

        Raises:
            SteleError: RESOURCE_EXHAUSTED when all are taken; UNAVAILABLE after `close`.
        """
        with self._lock:
            if self._closed:
                raise SteleError(Code.UNAVAILABLE, "the server is stopping")
            if self._inside >= self._capacity:
                raise SteleError(
                    Code.RESOURCE_EXHAUSTED,
                    f"{self._capacity} calls are running or waiting, and no more may wait",
                )
            self._inside += 1
        return _Place(self)

    def turn(self, call: Call) -> _Turn:
        """Wait for a turn as long as the client does, to hold it in a ``with`` statement.

        Raises:
            SteleError: DEADLINE_EXCEEDED or CANCELLED when the client waits no more.
        """
        with self._lock:
            waiter = None
            if self._free and not self._waiting:
                self._free -= 1
            else:
                waiter = threading.Event()
                self._waiting.append(waiter)
        if waiter is not None:
            self._wait(waiter, call)
        turn = _Turn(self)
        try:
            check(call)
        except SteleError:
            self.pass_on()
            raise
        return turn

    def _wait(self, waiter: threading.Event, call: Call) -> None:
        # The end of the call wakes us as well as our turn does.
        if call.add_callback(waiter.set):
            waiter.wait(patience(call))
        with self._lock:
            if waiter not in self._waiting:
                return
            self._waiting.remove(waiter)
        check(call)
        # grpcio ends a call at its deadline, and its clock may be ahead of ours.
        raise SteleError(Code.CANCELLED, "the call ended before the model was run")

    def leave(self) -> None:
        """Give a place back."""
        with self._lock:
            self._inside -= 1
            if self._closed:
                self._left.notify_all()

    def pass_on(self) -> None:
        """Give a turn to the call that has waited longest."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1


class _Place:
    """A place that is held. Classes, because generators cost a call several µs."""

    __slots__ = ("_admission",)

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_exception: object) -> None:
        self._admission.leave()


class _Turn:
    """A turn that is held."""

    __slots__ = ("_admission",)

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_exception: object) -> None:
        self._admission.pass_on()
