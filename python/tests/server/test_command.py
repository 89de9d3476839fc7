"""The command ``stele serve``: its start, its end, its usage."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from stele import cli

from .conftest import NATIVE, Process, refused

Command = Callable[..., Process]
X = {"x": np.ones((1, 2), np.float32)}


def test_ready_and_the_end_of_stdin(command: Command, models: Path) -> None:
    process = command(models / "bench", f"two={models / 'scale' / '2'}")
    assert process.ready.keys() == {"event", "address", "models"}
    assert (process.ready["event"], process.ready["models"]) == ("ready", ["bench", "two"])
    assert process.address.startswith("127.0.0.1:")
    with process.connect() as client:
        assert client.infer("two", X)["y"].tolist() == [[2, 2]]
    process.end_stdin()
    assert process.wait() == 0


def test_ready_for_people(models: Path, start: list[str]) -> None:
    with subprocess.Popen(
        [*start, "--port", "0", models / "scale"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        line = process.stdout.readline()
        process.terminate()
        assert process.wait(timeout=30) == 0
    assert line.startswith("ready on 127.0.0.1:")
    assert line.endswith(": scale\n")


def test_a_signal_drains(command: Command, models: Path) -> None:
    process = command(models / "bench", "--workers", "1")
    with process.connect() as client:
        future = client.infer_later("bench", {"steps": np.array(30_000)}, "spin")
        client.infer("bench", X)  # Which waits behind it: both are inside by now.
        later = client.infer_later("bench", {"steps": np.array(30_000)}, "spin")
        client.call("ServerLive")
        process.terminate()
        assert future.result() is not None
        assert later.result() is not None
    assert process.wait() == 0
    assert "draining" in process.log.read_text()


def test_the_grace_ends_the_process_too(command: Command, models: Path) -> None:
    process = command(models / "bench", "--grace", "0.2")
    with process.connect() as client:
        future = client.infer_later("bench", {"steps": np.array(10**9)}, "spin")
        for _ in range(3):
            client.infer("bench", X)
        process.terminate()
        assert process.wait() == 0
        assert future.exception() is not None
    assert "still running" in process.log.read_text()


def test_models_by_clients(command: Command, models: Path) -> None:
    process = command("--model-control", "explicit", "--profile", "inline")
    assert process.ready["models"] == []
    with process.connect() as client:
        client.load("scale", path=str(models / "scale" / "3"))
        assert client.infer("scale", X)["y"].tolist() == [[3, 3]]


IMPORTS = """
import pathlib, sys, threading
from stele.server.app import Server
from stele.server.options import Options

options = Options({"m": pathlib.Path(sys.argv[1])}, port=0, metrics_port=0)
server = Server(options, threading.Event())
server.start()
server.drain()
sys.exit("tensorflow" in sys.modules)
"""


def test_tensorflow_is_never_imported(models: Path) -> None:
    done = subprocess.run([sys.executable, "-c", IMPORTS, models / "bench"], check=False)
    assert done.returncode == 0


def test_what_cannot_be_served(tmp_path: Path, models: Path, start: list[str]) -> None:
    def serve(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*start, "--port", "0", *map(str, arguments)],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    missing = serve(tmp_path / "missing")
    assert missing.returncode == 3
    assert "NOT_FOUND" in missing.stderr
    assert "Traceback" not in missing.stderr
    config = serve(models / "bench", "--config", "hex:0g")
    assert config.returncode == 3
    assert "hex:0g" in config.stderr
    host = serve(models / "bench", "--host", "nosuch.invalid")
    assert host.returncode == 3
    assert "UNAVAILABLE: cannot listen on nosuch.invalid:0: " in host.stderr
    assert "port is taken" not in host.stderr
    url = serve("gs://bucket/model")
    assert url.returncode == 3
    assert '"gs://bucket/model" is a URL; copy the SavedModel folder to this machine' in url.stderr


def test_a_hangup_drains_too(command: Command, models: Path) -> None:
    process = command(models / "scale")
    process.process.send_signal(signal.SIGHUP)
    assert process.wait() == 0
    assert "draining" in process.log.read_text()


def test_a_signal_that_interrupts_the_wait() -> None:
    """Which holds the event's lock at times, and a handler cannot wait for that."""
    program = (
        "import signal; from stele.commands import serve; stop = serve._stop_signals()\n"
        "with stop._cond: signal.raise_signal(signal.SIGHUP)\n"
        "assert stop.wait(30)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_usage_of_the_native_command() -> None:
    done = subprocess.run(
        [*NATIVE, "x", "--port", "99999"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert 'error: --port takes 0 to 65535, not "99999"' in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--model-control explicit"),
        (["a=x", "a=y"], 'two models are called "a"'),
        (["x", "--workers", "0"], "--workers"),
        (["x", "--max-message", "0"], "--max-message"),
        (["x", "--queue", "-1"], "--queue"),
        (["x", "--port", "99999"], "--port takes 0 to 65535"),
        (["x", "--rest-port", "99999"], "--rest-port takes 0 to 65535"),
        (["x", "--metrics-port", "99999"], "--metrics-port takes 0 to 65535"),
        (["x", "--max-message", "2048"], "--max-message takes 1 to 2047"),
        (["x", "--poll", "inf"], "--poll takes 0 to"),
        (["x", "--grace", "nan"], "--grace takes 0 to"),
        (["x", "--tls-cert", "x"], "--tls-key"),
        (["x", "--profile", "fast"], "invalid choice"),
    ],
)
def test_usage(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["serve", "--port", "0", *arguments])
    assert caught.value.code == 2
    assert words in capsys.readouterr().err


def test_a_name_or_a_folder_with_an_equals_sign(
    command: Command, tmp_path: Path, models: Path
) -> None:
    odd = tmp_path / "a=b"
    shutil.copytree(models / "scale" / "2", odd)
    process = command(odd, f"renamed={odd}")
    assert process.ready["models"] == ["a=b", "renamed"]
    with process.connect() as client:
        assert client.infer("renamed", X)["y"].tolist() == [[2, 2]]
        with refused("NOT_FOUND"):
            client.infer("a", X)


WITHOUT_SERVER = """
import sys
from stele_native import _native
del _native.Server
from stele import cli
sys.exit(cli.main(sys.argv[1:]))
"""


def test_without_the_server_in_the_wheel(models: Path) -> None:
    """As `make demo` leaves it, which runs models in process and nothing else."""
    command = [sys.executable, "-c", WITHOUT_SERVER, "serve", "--port", "0", models / "bench"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3
    assert "FAILED_PRECONDITION: stele_native's server is not installed" in done.stderr
    assert "make -C bindings/rust install-wheel" in done.stderr
