"""When a process begins to load libtensorflow, and all the files that it lives on."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

from stele.parity import family

_NAME = b"/libtensorflow"
_EVERY_SECONDS = 0.002


class Watch:
    """Looks on a process, in a thread, until it has mapped libtensorflow.

    Only the worker itself is watched: a library that its server loads is its start's.

    Args:
        pid: Returns the process id; None as long as there is none.

    Attributes:
        mapped: When it had, on the monotonic clock; None while it has not.
    """

    def __init__(self, pid: Callable[[], int | None]) -> None:
        self.mapped: float | None = None
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while not self._over.wait(_EVERY_SECONDS):
            pid = self._pid()
            if pid is not None and _NAME in _maps(pid):
                self.mapped = time.monotonic()
                return

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()


def files(pid: int) -> Iterator[Path]:
    """Yield the files that a process and its descendants have mapped; none off Linux."""
    for member in family.of(pid):
        for line in _maps(member).splitlines():
            fields = line.split(maxsplit=5)
            if len(fields) == 6 and fields[5].startswith(b"/"):
                yield Path(os.fsdecode(fields[5]))


def _maps(pid: int) -> bytes:
    with contextlib.suppress(OSError):  # it has ended, or this is not Linux
        return Path(f"/proc/{pid}/maps").read_bytes()
    return b""
