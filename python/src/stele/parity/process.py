"""A worker process: requests and replies, noise, crashes, hangs.

Nothing that a worker does may hold the harness up or fill its memory: every wait has the
request's clock, writing too, and what is kept of its output has a size. Nothing of a
worker outlives the harness either, which is the launcher's business (`launcher`).
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from stele.contract import worker
from stele.contract.lines import format_line, parse_line
from stele.parity import family, launcher
from stele.parity.limits import Limits
from stele.parity.log import Log

# A reply is a line or two; a line that is longer than this is none.
_LONGEST_LINE = 1 << 20
_CHUNK = 1 << 16
# What the pipe may have held when a request was about to be sent: the kernel's limit.
_LARGEST_PIPE = 1 << 20
# For what takes no time on a machine that is well: starting, dying when killed.
_PATIENCE = 30.0


class WorkerError(Exception):
    """The worker broke off: it gave no verdict on the request."""

    outcome = "protocol"


class CrashError(WorkerError):
    """The process ended while a reply was due."""

    outcome = "crash"


class LimitError(WorkerError):
    """The worker was ended, for it went beyond a limit."""

    outcome = "limit"


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


@dataclass(frozen=True)
class _Asked:
    """A request under way: its id and its verb, when it was sent, and how long it has."""

    number: str
    verb: str
    start: float
    timeout: float


class WorkerProcess:
    """One running worker.

    Args:
        command: How to start it.
        log: The file that gets its stderr, and the noise on its stdout.
        environment: Variables to add to this process's own.
        limits: Beyond which it is ended.

    Raises:
        OSError: It cannot be started.
        SteleError: The log cannot be written.
    """

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._exceeded = ""
        self._next = 1
        self._lines = _Lines()
        self._outgoing = b""
        self._asked: _Asked | None = None
        self._status: int | None = None
        self._log = Log(log)
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-I", "-S", launcher.__file__, str(theirs.fileno())),
                    *self._limits.arguments(),
                    *command,
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, **(environment or {})},
                cwd=log.parent,
                start_new_session=True,
                pass_fds=[theirs.fileno()],
                bufsize=0,
            )
        self._stdin, self._stdout = _pipe(self._process.stdin), _pipe(self._process.stdout)
        for pipe in (self._stdin, self._stdout):
            os.set_blocking(pipe.fileno(), False)
        self._stderr = threading.Thread(
            target=_copy, args=(_pipe(self._process.stderr), self._log), daemon=True
        )
        self._stderr.start()
        try:
            self.pid = self._await_start()
        except BaseException:
            self.stop()
            raise
        self.started = time.monotonic()

    def _await_start(self) -> int:
        """Return the worker's process id."""
        self._control.settimeout(_PATIENCE)
        word, _, number = self._control.recv(64).partition(b"\n")[0].partition(b" ")
        if word == b"started":
            return int(number)
        code = int(number or 0)
        raise OSError(code, os.strerror(code) if code else "the launcher ended")

    # --- requests ---------------------------------------------------------------

    def request(self, verb: str, *arguments: str, timeout: float) -> Reply:
        """Send one request and wait for its reply; the arguments are not escaped yet.

        Raises:
            WorkerError: As `reply`.
        """
        return self.send(format_line(verb, *arguments), timeout=timeout)

    def send(self, line: str, *, timeout: float) -> Reply:
        """Send one request as it stands, a malformed one too, and wait for its reply.

        Args:
            line: As in `post`.
            timeout: Seconds, for writing the request and for the reply together.

        Raises:
            WorkerError: As `reply`.
        """
        self.post(line, timeout=timeout)
        return self.reply()

    def post(self, line: str, *, timeout: float) -> None:
        """Send one request, and leave its reply to `reply`; its clock runs from now on.

        What the pipe does not take at once is written when the reply is waited for.

        Args:
            line: All behind the id; bytes that are not UTF-8 as surrogates.
            timeout: Seconds, for writing the request and for the reply together.
        """
        number = str(self._next)
        self._next += 1
        self._asked = _Asked(number, line.partition("\t")[0], time.monotonic(), timeout)
        self._drop_what_came_before()
        self._outgoing += f"{number}\t{line}\n\n".encode(errors="surrogateescape")
        self._write()

    def reply(self) -> Reply:
        """Wait for the reply to what was posted.

        Raises:
            CrashError: The process ended.
            LimitError: It was ended, for it went beyond a limit.
            HangError: No reply within the time of the request.
            ProtocolError: A malformed reply, or one to another request.
        """
        asked = self._asked
        assert asked is not None  # noqa: S101  (post() comes first)
        for answer in self._read_lines(asked.start + asked.timeout):
            if not answer.startswith(_MARK):
                self._note(answer)
                continue
            # The blank line behind a request is for readers that wait for it; a worker
            # may have answered before that is written.
            if len(self._outgoing) > 1:
                raise ProtocolError(f"{asked.verb}: a reply before the request was read")
            return _parse(answer, asked.number, time.monotonic() - asked.start)
        if self._status is not None:
            raise self._broken_off(asked.verb)
        raise HangError(f"{asked.verb}: no reply within {asked.timeout:g} s")

    def _drop_what_came_before(self) -> None:
        """Take what the worker said unasked out of the pipe: it answers no request."""
        self._note(self._lines.take_rest())
        left = _LARGEST_PIPE
        while left > 0 and (data := _read(self._stdout)):
            self._note(data)
            left -= len(data)

    def _note(self, noise: bytes) -> None:
        if noise.strip():
            self._log.write(b"stdout: " + noise.removesuffix(b"\n") + b"\n")

    def _read_lines(self, deadline: float) -> Iterator[bytes]:
        """Yield lines until the deadline, or until the worker has ended; write meanwhile.

        What is there already counts, however late it is looked at: it was said in time.
        """
        quiet, left = False, 1.0
        while not quiet and left > 0:
            left = deadline - time.monotonic()
            ready = self._poll(left)
            if self._stdin.fileno() in ready:
                self._write()
            # Its end is looked at before its output: all that it ever wrote is there then.
            if self._control.fileno() in ready:
                self._await_end(deadline)
            data = _read(self._stdout)
            quiet = not data and self._status is not None
            if data == b"" and self._status is None:  # closed by a worker that lives
                self._await_end(min(deadline, time.monotonic() + 10))
                if self._status is None:
                    raise CrashError("the worker closed its stdout")
            yield from self._lines.feed(data or b"")

    def _poll(self, seconds: float) -> set[int]:
        """Wait until something can be read, or written; return which descriptors."""
        poll = select.poll()
        for source in (self._stdout, self._control):
            poll.register(source.fileno(), select.POLLIN)
        if self._outgoing:
            poll.register(self._stdin.fileno(), select.POLLOUT)
        return {descriptor for descriptor, _ in poll.poll(max(1, int(seconds * 1000)))}

    def _write(self) -> None:
        try:
            written = os.write(self._stdin.fileno(), self._outgoing[:_CHUNK])
        except BlockingIOError:
            return
        except BrokenPipeError:  # it reads no more: what it does next is the verdict
            written = len(self._outgoing)
        self._outgoing = self._outgoing[written:]

    # --- the end ----------------------------------------------------------------

    def _await_end(self, deadline: float) -> None:
        """Learn from the launcher how the worker ended, if it does before the deadline."""
        if self._status is not None:
            return
        self._control.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            word, _, number = self._control.recv(64).strip().partition(b" ")
        except TimeoutError:
            return
        except OSError:
            word, number = b"", b""
        status, _, exceeded = number.partition(b" ")
        self._status = int(status) if word == b"ended" else -signal.SIGKILL
        self._exceeded = exceeded.decode()

    def _broken_off(self, verb: str) -> WorkerError:
        """Return the error of a worker that ended, as nobody asked it to."""
        if self._exceeded:
            return LimitError(f"{verb}: {self._limits.exceeded(self._exceeded)}")
        return CrashError(f"{verb}: {self._ending()}")

    def _ending(self) -> str:
        assert self._status is not None  # noqa: S101  (the caller saw it end)
        if self._status < 0:
            return f"the worker died of {signal.Signals(-self._status).name}"
        return f"the worker exited with status {self._status}"

    def bye(self, timeout: float = 30) -> None:
        """End the conversation as the protocol asks.

        Raises:
            WorkerError: It does not answer ``bye``, or does not exit with 0.
        """
        reply = self.request("bye", timeout=timeout)
        if reply.status != "ok":
            raise ProtocolError(f"bye answered {reply.status}")
        self.await_exit(timeout)

    def await_exit(self, timeout: float = 30) -> None:
        """See that the worker ends after ``bye``.

        Raises:
            WorkerError: It does not exit, or not with 0.
        """
        for line in self._read_lines(time.monotonic() + timeout):
            self._note(line)
        if self._status is None:
            raise HangError("bye: the worker did not exit")
        if self._status != 0:
            raise self._broken_off("bye")

    def peak_memory(self) -> int | None:
        """Return the peak resident memory so far in bytes; None where unknown.

        The peaks of the worker and of the processes that it started, added up.
        """
        return self._family("VmHWM") or None

    def resident_memory(self) -> int | None:
        """Return the resident memory now in bytes, as `peak_memory` does."""
        return self._family("VmRSS") or None

    def _family(self, field: str) -> int:
        """Return the sum of a field of memory over the worker and what it started, in bytes."""
        return sum(_memory(member, field) for member in family.of(self.pid))

    def kill(self) -> None:
        """Have the worker and all that it started killed; returns at once, from any thread."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_WR)

    def stop(self) -> None:
        """End the worker now, with all that it started, and release its pipes."""
        self.kill()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:  # it cannot be killed (a device that hangs)
            self._process.kill()
        for open_ in (self._stdin, self._stdout, self._control):
            with contextlib.suppress(OSError):
                open_.close()
        # Its pipe may be held by what nobody can kill: the thread is left alone then.
        self._stderr.join(1)
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class _Lines:
    """Cuts a stream into lines; of a line that is too long, only the beginning is kept."""

    def __init__(self) -> None:
        self._complete: deque[bytes] = deque()
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the lines that are complete now, each with its line end."""
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._keep(line)
            self._complete.append(bytes(self._rest) + b"\n")
            self._rest.clear()
        self._keep(rest)
        while self._complete:
            yield self._complete.popleft()

    def _keep(self, part: bytes) -> None:
        # One byte more than is allowed shows that there was more.
        self._rest += part[: max(0, _LONGEST_LINE + 1 - len(self._rest))]

    def take_rest(self) -> bytes:
        """Return what was fed and not yielded, a line without an end too, and forget it."""
        rest = b"".join(self._complete) + self._rest
        self._complete.clear()
        self._rest.clear()
        return rest


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # noqa: S101  (asked for in Popen)
    return pipe


def _read(pipe: IO[bytes]) -> bytes | None:
    """Return what is there to read: empty at the end, None when there is nothing yet."""
    try:
        return os.read(pipe.fileno(), _CHUNK)
    except BlockingIOError:
        return None


def _copy(pipe: IO[bytes], log: Log) -> None:
    with pipe:
        while data := os.read(pipe.fileno(), _CHUNK):
            log.write(data)


def _memory(pid: int, field: str) -> int:
    with contextlib.suppress(OSError):  # it has ended, or this is not Linux
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) * 1024
    return 0


_MARK = f"{worker.PREFIX}\t".encode()
_FIELDS = {"ok": 0, "unsupported": 1, "error": 2}


def _parse(raw: bytes, expected: str, seconds: float) -> Reply:
    if len(raw) > _LONGEST_LINE + len(b"\n"):
        raise ProtocolError(f"a reply longer than {_LONGEST_LINE} bytes")
    line = raw.decode(errors="surrogateescape").removesuffix("\n")
    try:
        _, number, status, *fields = parse_line(line)
    except ValueError as error:
        raise ProtocolError(f"malformed reply {line!r}: {error}") from error
    if number != expected:
        raise ProtocolError(f"reply to request {number!r}, expected {expected!r}: {line!r}")
    if status not in _FIELDS:
        raise ProtocolError(f"unknown status {status!r} in {line!r}")
    if len(fields) < _FIELDS[status]:
        raise ProtocolError(f"too few fields in {line!r}")
    return Reply(status, tuple(fields), seconds)
