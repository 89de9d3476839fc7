"""What the benchmarks of the server share: its processes, and calls to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import grpc

from stele.wire import messages

_TICK = os.sysconf("SC_CLK_TCK")

# No benchmark waits longer for one answer.
SECONDS = 60.0

HERE = Path(__file__).parent

Caller = Callable[[bytes], bytes]


class Server:
    """A server in a process of its own, which ends when our pipe to it does."""

    def __init__(self, name: str, command: Sequence[str | Path], log: Path) -> None:
        """Start it and wait until it is ready."""
        self.name = name
        self.log = log
        with log.open("wb") as stderr:
            self._process = subprocess.Popen(
                list(map(str, command)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        assert self._process.stdout is not None  # noqa: S101
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{name} did not start: {log.read_text()}")
        self.address: str = json.loads(line)["address"]

    @classmethod
    def stele(cls, name: str, log: Path, *arguments: str | Path) -> Self:
        """Start ``stele serve``."""
        options = ("--port", "0", "--json", "--stop-with-stdin", "--poll", "0")
        return cls(name, (sys.executable, "-m", "stele.cli", "serve", *options, *arguments), log)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None  # noqa: S101
        self._process.stdin.close()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def cpu_seconds(self) -> float:
        """Return the processor time of the process until now."""
        stat = Path(f"/proc/{self._process.pid}/stat").read_text()
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / _TICK

    def resident(self) -> int:
        """Return the bytes of memory that the process has."""
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        status = self._process.wait(timeout=SECONDS)
        raise SystemExit(f"{self.name} ended with {status}:\n{self.log.read_text()}")


def make_models(folder: Path) -> None:
    """Write the SavedModels of models.py below a folder."""
    subprocess.run(
        [sys.executable, HERE / "models.py", folder],
        check=True,
        stdout=sys.stderr,
        env=dict(os.environ, TF_CPP_MIN_LOG_LEVEL="3"),
    )


def caller(channel: grpc.Channel, service: str, method: str) -> Caller:
    """Return a function that makes one call, from bytes to bytes."""
    path = messages.methods(service)[method].path
    call: Any = channel.unary_unary(path)
    return lambda data: call(data, timeout=SECONDS)
