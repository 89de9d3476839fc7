"""The launcher: a server that ends with its worker, however the worker ends."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stele.contract.codes import Code, SteleError
from stele.remote import Connection, launch
from stele.wire import messages

# Prints what it was given, and ends at the end of its stdin.
WORKER = (
    "import os, sys; print(os.getpid(), os.environ['STELE_REMOTE'], flush=True); sys.stdin.read()"
)


def started(*worker: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "stele.remote.launch", *worker],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def runs(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def wait_until_gone(pid: int, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while runs(pid):
        assert time.monotonic() < end, f"process {pid} is still there"
        time.sleep(0.05)


@pytest.mark.parametrize("ending", ["end of stdin", "SIGKILL"])
def test_the_server_ends_with_the_worker(ending: str) -> None:
    with started(sys.executable, "-c", WORKER) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        pid, address = process.stdout.readline().split()
        # The launcher has become the worker.
        assert int(pid) == process.pid
        assert address.startswith("127.0.0.1:")
        (server,) = children(process.pid)
        # One that had lost its lifeline would be gone by now.
        time.sleep(0.5)
        with Connection(address, retries=0, deadline=30) as connection:
            live = connection.call(
                messages.OPEN_INFERENCE, "ServerLive", messages.ServerLiveRequest()
            )
        assert live.live
        assert runs(server)
        if ending == "SIGKILL":
            os.kill(process.pid, signal.SIGKILL)
        else:
            process.stdin.close()
        process.wait(timeout=60)
        wait_until_gone(server)


def test_a_server_that_runs_already_is_used() -> None:
    with started(sys.executable, "-c", WORKER, STELE_REMOTE="127.0.0.1:7") as process:
        assert process.stdout is not None
        assert process.stdout.readline().split()[1] == "127.0.0.1:7"
        assert children(process.pid) == []
        process.communicate(timeout=60)


@pytest.mark.parametrize(
    ("worker", "environment", "words"),
    [
        ([], {}, "usage: python -m stele.remote.launch"),
        (
            ["/nonexistent/worker"],
            {"STELE_REMOTE": "x:1"},
            "cannot start /nonexistent/worker: No such",
        ),
    ],
)
def test_what_cannot_be_started_is_said_in_one_line(worker, environment, words) -> None:
    with started(*worker, **environment) as process:
        _, errors = process.communicate(timeout=60)
    assert process.returncode in (2, 3)
    assert errors.count("\n") == 1
    assert words in errors


def test_a_server_that_cannot_start(monkeypatch, capsys) -> None:
    monkeypatch.delenv("STELE_REMOTE", raising=False)
    monkeypatch.setattr(launch, "SERVE", (sys.executable, "-c", "raise SystemExit(3)"))
    assert launch.main([sys.executable]) == launch.COULD_NOT_RUN
    printed = capsys.readouterr().err
    assert printed == (
        "stele.remote.launch: FAILED_PRECONDITION: "
        "the server ended with status 3 before it was ready\n"
    )


def refusal(*command: str, timeout: float = 60) -> SteleError:
    with pytest.raises(SteleError) as caught:
        launch.start(command, timeout=timeout)
    return caught.value


def test_start() -> None:
    talks = 'import sys; print(\'hello\\n{}\\n{"event":"ready","address":"a:1"}\', flush=True)'
    server = launch.start([sys.executable, "-c", talks + "; sys.stdin.read()"])
    assert server.address == "a:1"
    assert server.process.poll() is None
    os.close(server.lifeline)
    assert server.process.wait(timeout=60) == 0
    assert "cannot start /nonexistent/server" in refusal("/nonexistent/server").message


def test_server_that_is_never_ready_is_ended() -> None:
    before = children(os.getpid())
    error = refusal(sys.executable, "-c", "import time; time.sleep(600)", timeout=0.5)
    assert error.code == Code.DEADLINE_EXCEEDED
    assert children(os.getpid()) == before
