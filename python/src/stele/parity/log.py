"""A worker's log: its stderr and the noise on its stdout, never more than a few MiB."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from stele.contract.codes import from_os_error

_HEAD = 1 << 20
_TAIL = 1 << 16


class Log:
    """Appends to a file up to a size; of what comes behind that, only the end is kept.

    The beginning says how a worker was started, the end what it died of.

    Args:
        file: Created if needed; what is in it counts.

    Raises:
        SteleError: It cannot be written; the code is the system error's.
    """

    def __init__(self, file: Path) -> None:
        try:
            self._stream = file.open("ab", buffering=0)
        except OSError as error:
            raise from_os_error(error) from error
        self._room = max(0, _HEAD - os.fstat(self._stream.fileno()).st_size)
        self._tail = bytearray()
        self._dropped = 0
        self._lock = threading.Lock()

    def write(self, data: bytes) -> None:
        """Append; a disk that is full loses the log, and not the run."""
        with self._lock:
            if self._stream.closed:
                return
            head, rest = data[: self._room], data[self._room :]
            self._room -= len(head)
            if head:
                self._put(head)
            self._tail += rest[-_TAIL:]
            self._dropped += len(rest)
            del self._tail[:-_TAIL]

    def close(self) -> None:
        """Append the end of what did not fit, and close the file."""
        with self._lock:
            if self._tail:
                left_out = self._dropped - len(self._tail)
                self._put(f"\n[{left_out} bytes left out]\n".encode() + self._tail)
                self._tail.clear()
            self._stream.close()

    def _put(self, data: bytes) -> None:
        try:
            self._stream.write(data)
        except OSError:
            self._room = 0
