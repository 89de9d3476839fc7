"""A worker process: requests and replies, noise, crashes, hangs.

The worker is ended by its own pid, in its own session, so that a Ctrl-C for the
harness reaches the workers only through the harness.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from stele import tsv, worker
from stele.parity import family

# A reply is a line or two; a worker that prints more than this without a line
# end is broken, and must not fill the harness's memory.
_LONGEST_LINE = 1 << 20
_NOISE_KEPT = 200  # lines


class WorkerError(Exception):
    """The worker broke off: it gave no verdict on the request."""

    outcome = "protocol"


class CrashError(WorkerError):
    """The process ended while a reply was due."""

    outcome = "crash"


class HangError(WorkerError):
    """No reply came in time."""

    outcome = "timeout"


class ProtocolError(WorkerError):
    """A reply that is none."""

    outcome = "protocol"


@dataclass(frozen=True)
class Reply:
    """One reply.

    Attributes:
        status: ``ok``, ``unsupported`` or ``error``.
        fields: What follows the status.
        seconds: From request to reply.
    """

    status: str
    fields: tuple[str, ...]
    seconds: float

    @property
    def values(self) -> dict[str, str]:
        """The ``key=value`` fields of an ``ok``."""
        return dict(field.partition("=")[::2] for field in self.fields)

    @property
    def code(self) -> str:
        """The canonical code's name of an ``error``; empty otherwise."""
        return self.fields[0] if self.status == "error" else ""

    @property
    def message(self) -> str:
        """The message of an ``error`` or ``unsupported``; empty otherwise."""
        if self.status == "error":
            return self.fields[1]
        return self.fields[0] if self.status == "unsupported" else ""


class WorkerProcess:
    """One running worker.

    Args:
        command: How to start it.
        log: The file that gets its stderr, and the noise on its stdout.
        environment: Variables to add to this process's own.
    """

    def __init__(
        self, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self._log = log
        self._noise = 0
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._next = 1
        with log.open("ab") as stderr:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env={**os.environ, **(environment or {})},
                cwd=log.parent,
                start_new_session=True,
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The worker's process id."""
        return self._process.pid

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101  (a pipe, asked for above)
        with contextlib.suppress(ValueError, OSError):  # closed while reading: stop() did it
            while line := self._process.stdout.readline(_LONGEST_LINE):
                self._lines.put(line)
        self._lines.put(None)

    def request(self, verb: str, *arguments: str, timeout: float) -> Reply:
        """Send one request and wait for its reply.

        Args:
            verb: What to do.
            arguments: Unescaped.
            timeout: Seconds.

        Raises:
            CrashError: The process ended.
            HangError: No reply within ``timeout``.
            ProtocolError: A malformed reply, or one to another request.
        """
        number = str(self._next)
        self._next += 1
        start = time.monotonic()
        # A worker that has gone, or reads no more, shows below as crash or hang.
        # The write is from a thread's view non-blocking: requests are far
        # smaller than a pipe's buffer and one is under way at a time.
        with contextlib.suppress(BrokenPipeError):
            assert self._process.stdin is not None  # noqa: S101  (a pipe)
            text = tsv.join(number, verb, *arguments) + "\n\n"
            self._process.stdin.write(text.encode(errors="surrogateescape"))
            self._process.stdin.flush()
        while True:
            try:
                raw = self._lines.get(timeout=max(0.0, start + timeout - time.monotonic()))
            except queue.Empty:
                raise HangError(f"{verb}: no reply within {timeout:g} s") from None
            if raw is None:
                raise CrashError(f"{verb}: {self._ending()}")
            line = raw.decode(errors="surrogateescape").removesuffix("\n")
            if not line.startswith(worker.PREFIX + "\t"):
                if line and self._noise < _NOISE_KEPT:
                    self._noise += 1
                    with self._log.open("ab") as log:
                        log.write(b"stdout: " + raw)
                continue
            return _parse(line, number, time.monotonic() - start)

    def _ending(self) -> str:
        try:
            status = self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            return "the worker closed its stdout"
        if status < 0:
            return f"the worker died of {signal.Signals(-status).name}"
        return f"the worker exited with status {status}"

    def bye(self, timeout: float = 30) -> None:
        """End the conversation as the protocol asks.

        Raises:
            WorkerError: It does not answer ``bye``, or does not exit with 0.
        """
        reply = self.request("bye", timeout=timeout)
        if reply.status != "ok":
            raise ProtocolError(f"bye answered {reply.status}")
        try:
            status = self._process.wait(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise HangError("bye: the worker did not exit") from None
        if status != 0:
            raise CrashError(f"bye: {self._ending()}")

    def peak_memory(self) -> int | None:
        """Return the peak resident memory so far in bytes; None where unknown.

        The peaks of the worker and of the processes that it started, added up.
        """
        peaks = [_peak_memory(member) for member in family.of(self.pid)]
        return sum(peaks) or None

    def stop(self) -> None:
        """End the process now, if it still runs, and release its pipes."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join(timeout=5)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _peak_memory(pid: int) -> int:
    with contextlib.suppress(OSError):  # it has ended, or this is not Linux
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


_FIELDS = {"ok": 0, "unsupported": 1, "error": 2}


def _parse(line: str, expected: str, seconds: float) -> Reply:
    try:
        _, number, status, *fields = tsv.split(line)
    except ValueError as error:
        raise ProtocolError(f"malformed reply {line!r}: {error}") from error
    if number != expected:
        raise ProtocolError(f"reply to request {number!r}, expected {expected!r}: {line!r}")
    if status not in _FIELDS:
        raise ProtocolError(f"unknown status {status!r} in {line!r}")
    if len(fields) < _FIELDS[status]:
        raise ProtocolError(f"too few fields in {line!r}")
    return Reply(status, tuple(fields), seconds)
