"""Servers and models for the tests. Servers listen on loopback, on a free port."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from stele import paths
from stele.server.app import Server
from stele.server.options import Options
from stele.zoo import train
from tests.odd_models.folders import folder_of

from .client import Client, connect

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(scope="session")
def models() -> Path:
    """SavedModels that show what a server does with them."""
    return folder_of("served")


@pytest.fixture(scope="session")
def zoo() -> Callable[[str], Path]:
    """Return the SavedModel of a zoo model, trained unless it is current."""
    return lambda name: train.ensure(name, paths.models_dir()) / "saved_model"


@contextmanager
def serving(models: dict[str, Path] | None = None, **options: Any) -> Iterator[Client]:
    """A server in this process, and a client of it."""
    options = {"port": 0, "poll": 0, "grace": 5, **options}
    server = Server(Options(models=models or {}, **options))
    address = server.start()
    with connect(address) as client:
        client.address = address
        client.server = server
        try:
            yield client
        finally:
            server.drain()


@pytest.fixture(scope="module")
def bench(models: Path) -> Iterator[Client]:
    """A server of the model ``bench``."""
    with serving({"bench": models / "bench"}, workers=2) as client:
        yield client


class Process:
    """``stele serve`` as a command."""

    def __init__(self, *arguments: str | Path, log: Path) -> None:
        self.log = log
        with log.open("wb") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "stele.cli", "serve", "--port", "0", "--json",
                 "--stop-with-stdin", *map(str, arguments)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, text=True,
            )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, log.read_text()
        self.ready = json.loads(line)

    @property
    def address(self) -> str:
        return self.ready["address"]

    def connect(self) -> Client:
        return connect(self.address)

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def end_stdin(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def wait(self) -> int:
        return self.process.wait(timeout=30)

    def resident(self) -> int:
        """Bytes of memory in use."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS")


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Start commands; those still running at the end are killed."""
    with ExitStack() as stack:
        count = iter(range(99))

        def start(*arguments: str | Path) -> Process:
            process = Process(*arguments, log=tmp_path / f"stderr-{next(count)}")
            stack.callback(process.process.wait, timeout=30)
            stack.callback(process.process.kill)
            return process

        yield start


@contextmanager
def refused(code: str, *words: str) -> Iterator[None]:
    """Expect a status code, and words in its message."""
    with pytest.raises(grpc.RpcError) as caught:
        yield
    assert caught.value.code().name == code, caught.value.details()
    for word in words:
        assert word in caught.value.details()
