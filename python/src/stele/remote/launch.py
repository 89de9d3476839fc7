"""Starts a server of its own for a worker, and then becomes the worker.

    python -m stele.remote.launch WORKER…

This is how the harness runs a remote binding: the worker finds the server's
address in ``STELE_REMOTE``. The server (``stele serve --model-control explicit``
on a free port of the loopback interface) ends with the worker, however that ends:
its stdin is a pipe whose other end the worker has without knowing of it.

Two variables choose a server that runs already:

    STELE_REMOTE        its address, ``host:port``; no server is started
    STELE_REMOTE_MODEL  the model to use there: a worker's ``load`` then ignores its
                        arguments and connects to this model, and ``unload``
                        only lets go of it. Without it, ``load`` has the server
                        load the folder, which is for servers of stele alone.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from stele.contract.codes import Code, SteleError

ADDRESS = "STELE_REMOTE"
MODEL = "STELE_REMOTE_MODEL"

COULD_NOT_RUN = 3

# Of the largest message that gRPC has: no case of the harness may fail for its size.
_MEBIBYTES = "2047"

SERVE = (
    sys.executable, "-m", "stele.cli", "serve", "--port", "0", "--model-control", "explicit",
    "--max-message", _MEBIBYTES, "--stop-with-stdin", "--json",
)  # fmt: skip


@dataclass(frozen=True)
class Started:
    """A server that is ready.

    Attributes:
        address: Its ``host:port``.
        process: The server, a child of this process.
        lifeline: The descriptor that keeps the server running while it is open in
            some process.
    """

    address: str
    process: subprocess.Popen[bytes]
    lifeline: int


def start(
    command: Sequence[str], *, timeout: float = 120, stderr: IO[bytes] | None = None
) -> Started:
    """Start a server and wait until it says that it is ready.

    Args:
        command: A program that prints ``{"event":"ready","address":…}`` as a line of
            stdout, and stops at the end of its stdin.
        timeout: Seconds until it must be ready.
        stderr: Where its log goes; by default to that of this process.

    Raises:
        SteleError: FAILED_PRECONDITION when it ends instead, DEADLINE_EXCEEDED.
    """
    reading, lifeline = os.pipe()
    try:
        process = subprocess.Popen(command, stdin=reading, stdout=subprocess.PIPE, stderr=stderr)
    except OSError as error:
        os.close(lifeline)
        raise SteleError(
            Code.FAILED_PRECONDITION, f"cannot start {command[0]}: {error.strerror}"
        ) from error
    finally:
        os.close(reading)
    try:
        return Started(_wait_for_ready(process, timeout), process, lifeline)
    except BaseException:
        os.close(lifeline)
        process.kill()
        process.wait()
        raise


def _wait_for_ready(process: subprocess.Popen[bytes], timeout: float) -> str:
    """Read lines until one says the address; others are a server's small talk."""
    assert process.stdout is not None  # noqa: S101  (a pipe, asked for above)
    end = time.monotonic() + timeout
    text = b""
    while True:
        left = end - time.monotonic()
        if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
            raise SteleError(Code.DEADLINE_EXCEEDED, f"no server was ready within {timeout:g} s")
        data = os.read(process.stdout.fileno(), 4096)
        if not data:
            status = process.wait(timeout=10)
            raise SteleError(
                Code.FAILED_PRECONDITION,
                f"the server ended with status {status} before it was ready",
            )
        *lines, text = (text + data).split(b"\n")
        for line in lines:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict) and event.get("event") == "ready":
                return str(event["address"])


def main(worker: list[str]) -> int:
    """Start a server if there is none, and become the worker; return only on failure."""
    if not worker:
        print("usage: python -m stele.remote.launch WORKER…", file=sys.stderr)
        return 2
    try:
        if ADDRESS not in os.environ:
            server = start(SERVE)
            os.set_inheritable(server.lifeline, True)
            os.environ[ADDRESS] = server.address
        os.execvp(worker[0], worker)  # noqa: S606  (the worker takes this process over)
    except SteleError as error:
        print(f"stele.remote.launch: {error}", file=sys.stderr)
    except OSError as error:
        print(f"stele.remote.launch: cannot start {worker[0]}: {error.strerror}", file=sys.stderr)
    return COULD_NOT_RUN


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
