"""Servers and models for the tests. Servers are processes that listen on loopback, on a
free port: what is tested is what a client sees, whichever command started them.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import grpc
import pytest
from prometheus_client.parser import text_string_to_metric_families

from stele import paths
from stele.zoo import train
from tests.odd_models.folders import folder_of

from .client import Client, connect
from .rest import Rest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Where the native server looks for libtensorflow, as in an active environment.
os.environ.setdefault("VIRTUAL_ENV", sys.prefix)


@pytest.fixture(scope="session")
def models() -> Path:
    """SavedModels that show what a server does with them."""
    return folder_of("served")


@pytest.fixture(scope="session")
def zoo() -> Callable[[str], Path]:
    """Return the SavedModel of a zoo model, trained unless it is current."""
    return lambda name: train.ensure(name, paths.models_dir()) / "saved_model"


# The same server, started in its two ways.
STELE_SERVE = [sys.executable, "-m", "stele.cli", "serve"]
NATIVE = [str(paths.build_dir() / "rust/release/stele-serve")]


class Process:
    """A server as a command: the native one, unless another is given."""

    def __init__(
        self, *arguments: str | Path, log: Path, start: Sequence[str] = tuple(NATIVE)
    ) -> None:
        self.log = log
        with log.open("wb") as stderr:
            self.process = subprocess.Popen(
                [*start, "--port", "0", "--json", "--stop-with-stdin", *map(str, arguments)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, text=True,
            )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, log.read_text()
        self.ready = json.loads(line)

    @property
    def address(self) -> str:
        return self.ready["address"]

    @property
    def rest(self) -> Rest:
        """A client of the REST port."""
        return Rest(self.ready["rest"])

    def connect(self) -> Client:
        return connect(self.address)

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def end_stdin(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def wait(self) -> int:
        return self.process.wait(timeout=30)

    def metrics(self) -> dict[tuple[str, ...], float]:
        """Values by the sample's name and the values of its labels."""
        (url,) = re.findall(r"metrics on (http://\S+)", self.log.read_text())
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310
            families = list(text_string_to_metric_families(answer.read().decode()))
        labels = ("method", "model", "code")
        return {
            (sample.name, *(sample.labels[name] for name in labels if name in sample.labels)): (
                sample.value
            )
            for family in families
            for sample in family.samples
        }

    def inside(self) -> int:
        """How many calls run or wait."""
        return int(self.metrics()["stele_calls_inside",])

    def resident(self) -> int:
        """Bytes of memory in use."""
        return self._memory("VmRSS")

    def computed(self) -> float:
        """Seconds of processor time until now."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def forget_peak(self) -> int:
        """Begin a new peak; bytes of memory in use."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")
        return self.peak()

    def peak(self) -> int:
        """Bytes of memory in use at most since the peak was forgotten."""
        return self._memory("VmHWM")

    def _memory(self, kind: str) -> int:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(f"{kind}:"):
                return int(line.split()[1]) * 1024
        raise AssertionError(kind)


@contextmanager
def serving(*arguments: str | Path, **served: Path) -> Iterator[Client]:
    """A server of models by name, whose calls can be counted, and a client of it."""
    models = [f"{name}={folder}" for name, folder in served.items()]
    with tempfile.TemporaryDirectory() as folder:
        process = Process(
            "--poll", "0", "--grace", "5", "--metrics-port", "0", *arguments, *models,
            log=Path(folder) / "stderr",
        )  # fmt: skip
        with connect(process.address) as client:
            client.address = process.address
            client.process = process
            try:
                yield client
            finally:
                process.end_stdin()
                try:
                    process.wait()
                finally:
                    process.process.kill()


@pytest.fixture(scope="module")
def bench(models: Path) -> Iterator[Client]:
    """A server of the model ``bench``."""
    with serving("--workers", "2", bench=models / "bench") as client:
        yield client


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of localhost, signed by itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


@pytest.fixture(params=[STELE_SERVE, NATIVE], ids=["stele serve", "stele-serve"])
def start(request: pytest.FixtureRequest) -> list[str]:
    """What starts a server, in each of its two ways."""
    return request.param


@pytest.fixture
def command(tmp_path: Path, start: list[str]) -> Iterator[Callable[..., Process]]:
    """Start commands; those still running at the end are killed."""
    with ExitStack() as stack:
        count = iter(range(99))
        begin = start

        def start_one(*arguments: str | Path) -> Process:
            process = Process(*arguments, log=tmp_path / f"stderr-{next(count)}", start=begin)
            stack.callback(process.process.wait, timeout=30)
            stack.callback(process.process.kill)
            return process

        yield start_one


@contextmanager
def refused(code: str, *words: str) -> Iterator[None]:
    """Expect a status code, and words in its message."""
    with pytest.raises(grpc.RpcError) as caught:
        yield
    assert caught.value.code().name == code, caught.value.details()
    for word in words:
        assert word in caught.value.details()


def not_started(*arguments: str | Path) -> str:
    """Return what a server says that cannot be started."""
    done = subprocess.run(
        [*NATIVE, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 3, done.stderr
    return done.stderr
