"""Worker processes that do what no worker should, and what the harness makes of them.

Each worker here is a few lines of Python that answer ``hello`` and then go wrong.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from stele.parity import family
from stele.parity.limits import Limits
from stele.parity.process import (
    CrashError,
    HangError,
    LimitError,
    ProtocolError,
    WorkerError,
    WorkerProcess,
)

# `answer()` reads one request and gives its id; the rest is each worker's own.
PROLOGUE = """
import os, signal, subprocess, sys, time
def read():
    line = sys.stdin.readline()
    while line == "\\n":
        line = sys.stdin.readline()
    return line.split("\\t")[0].strip()
def say(*fields):
    print("\\n@stele1", *fields, sep="\\t", flush=True)
say(read(), "ok")
"""

# Far above what a request takes here, far below what a test may take.
SOON = 20.0


def start(tmp_path: Path, script: str, limits: Limits | None = None) -> WorkerProcess:
    command = (sys.executable, "-c", PROLOGUE + script)
    worker = WorkerProcess(command, tmp_path / "log", limits=limits)
    assert worker.request("hello", timeout=SOON).status == "ok"
    return worker


def gone(pid: int, patience: float = 10.0) -> bool:
    """Tell whether a process ends in time; one that nobody has waited for has ended."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            if state != "Z":
                time.sleep(0.01)
                continue
        return True
    return False


def memory() -> int:
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(
    "script",
    [
        "while True: print('noise')",
        "while True: print('x' * 65536, end='')",
        "while True: print('@stele1', end='\\t')",
        "while True: sys.stderr.write('x' * 65536)",
        "while True: print('@stele1'); print('noise', file=sys.stderr)",
    ],
    ids=["lines", "one-line", "one-reply", "stderr", "both"],
)
def test_endless_output_ends_at_the_time_limit(tmp_path: Path, script: str) -> None:
    with start(tmp_path, "read()\n" + script) as worker:
        before, begin = memory(), time.monotonic()
        with pytest.raises(HangError, match="no reply within 1 s"):
            worker.request("run", timeout=1)
        assert time.monotonic() - begin < 3
        assert memory() - before < 64 << 20
    assert (tmp_path / "log").stat().st_size < 2 << 20


def test_the_log_keeps_beginning_and_end(tmp_path: Path) -> None:
    script = "sys.stderr.write('first ' + 'x' * (3 << 20) + ' last'); sys.exit(3)"
    with start(tmp_path, script) as worker, pytest.raises(CrashError, match="status 3"):
        worker.request("run", timeout=SOON)
    log = (tmp_path / "log").read_bytes()
    assert log.startswith(b"first xxx")
    assert log.endswith(b"xxx last")
    assert b" bytes left out]" in log


@pytest.mark.parametrize("session", [True, False])
def test_a_daemon_that_keeps_stdout_hides_no_crash(tmp_path: Path, *, session: bool) -> None:
    script = f"""
daemon = subprocess.Popen(["sleep", "3600"], start_new_session={session})
open("daemon", "w").write(str(daemon.pid))
read()
sys.exit(4)
"""
    with start(tmp_path, script) as worker:
        begin = time.monotonic()
        with pytest.raises(CrashError, match="exited with status 4"):
            worker.request("run", timeout=SOON)
        worker.stop()
        assert time.monotonic() - begin < SOON / 2
    assert gone(int((tmp_path / "daemon").read_text()))


def test_a_worker_that_closes_stdout_and_lives(tmp_path: Path) -> None:
    script = "read(); os.close(1); time.sleep(3600)"
    with start(tmp_path, script) as worker, pytest.raises(CrashError, match="closed its stdout"):
        worker.request("run", timeout=1)


def test_writing_has_the_same_clock(tmp_path: Path) -> None:
    with start(tmp_path, "time.sleep(3600)") as worker:
        begin = time.monotonic()
        with pytest.raises(HangError, match="run: no reply within 1 s"):
            worker.request("run", "x" * (1 << 20), timeout=1)
        assert time.monotonic() - begin < 3


def test_what_was_said_meanwhile_is_in_time(tmp_path: Path) -> None:
    with start(tmp_path, "say(read(), 'ok', 'at once')") as worker:
        worker.post("run", timeout=1)
        time.sleep(1.5)  # others are waited for
        assert worker.reply().fields == ("at once",)


def test_the_clock_of_a_request_runs_while_others_are_waited_for(tmp_path: Path) -> None:
    with start(tmp_path, "read(); time.sleep(3600)") as worker:
        worker.post("run", timeout=2)
        time.sleep(2.5)
        begin = time.monotonic()
        with pytest.raises(HangError, match="run: no reply within 2 s"):
            worker.reply()
        assert time.monotonic() - begin < 1.5


def test_a_long_request_arrives_whole(tmp_path: Path) -> None:
    script = "sys.stdin.readline(); line = sys.stdin.readline(); say(2, 'ok', len(line))"
    with start(tmp_path, script) as worker:
        argument = "x" * (3 << 20)
        reply = worker.request("run", argument, timeout=SOON)
        assert reply.fields == (str(len(f"2\trun\t{argument}\n")),)


def test_a_reply_before_the_request_is_none(tmp_path: Path) -> None:
    # It has answered request 2 before there is one, and never does afterwards.
    script = "say(2, 'ok'); open('said', 'w'); read(); time.sleep(3600)"
    with start(tmp_path, script) as worker:
        while not (tmp_path / "said").exists():
            time.sleep(0.01)
        with pytest.raises(HangError):
            worker.request("run", timeout=0.5)
    # What it said is kept for people.
    assert b"@stele1\t2\tok\n" in (tmp_path / "log").read_bytes()


def test_a_reply_before_the_whole_request_is_none(tmp_path: Path) -> None:
    script = "sys.stdin.buffer.raw.read(1000); say(2, 'ok'); time.sleep(3600)"
    with (
        start(tmp_path, script) as worker,
        pytest.raises(ProtocolError, match="before the request"),
    ):
        worker.request("run", "x" * (1 << 20), timeout=SOON)


def test_a_reply_has_a_longest_length(tmp_path: Path) -> None:
    head = len("@stele1\t2\tok\t")
    script = f"say(read(), 'ok', 'x' * ((1 << 20) - {head})); say(read(), 'ok', 'x' * (1 << 20))"
    with start(tmp_path, script) as worker:
        assert len(worker.request("run", timeout=SOON).fields[0]) == (1 << 20) - head
        with pytest.raises(ProtocolError, match="longer than 1048576 bytes"):
            worker.request("run", timeout=SOON)


def test_bye_reads_what_is_said_at_the_end(tmp_path: Path) -> None:
    script = "say(read(), 'ok'); print('x' * (1 << 20)); sys.stdout.flush()"
    with start(tmp_path, script) as worker:
        worker.bye(timeout=SOON)


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("say(read(), 'ok'); sys.exit(7)", CrashError),
        ("say(read(), 'ok'); time.sleep(3600)", HangError),
        ("say(read(), 'error', 'INTERNAL', 'no')", ProtocolError),
        ("read(); sys.exit(0)", CrashError),
    ],
)
def test_bye_needs_an_answer_and_exit_status_0(
    tmp_path: Path, script: str, error: type[WorkerError]
) -> None:
    with start(tmp_path, script) as worker, pytest.raises(error):
        worker.bye(timeout=1)


def test_workers_leave_no_core(tmp_path: Path) -> None:
    script = "import resource; say(read(), 'ok', resource.getrlimit(resource.RLIMIT_CORE))"
    with start(tmp_path, script) as worker:
        assert worker.request("run", timeout=SOON).fields == ("(0, 0)",)


HOG = "held = []\nwhile True: held.append(b'x' * (4 << 20)); time.sleep(0.01)"
SPENDER = "while True: pass"
# What computes or takes memory may be a worker's child, in a session of its own.
IN_A_CHILD = """
subprocess.Popen([sys.executable, "-c", "import time\\n" + {script!r}], start_new_session=True)
time.sleep(3600)
"""


@pytest.mark.parametrize("child", [False, True], ids=["itself", "child"])
@pytest.mark.parametrize(
    ("script", "limits", "message"),
    [
        (HOG, Limits(memory=128), r"128 MiB of memory \(--limit-memory\)"),
        (SPENDER, Limits(cpu=1), r"1 s of processor time \(--limit-cpu\)"),
    ],
    ids=["memory", "cpu"],
)
def test_a_worker_beyond_a_limit_is_ended(
    tmp_path: Path, script: str, limits: Limits, message: str, *, child: bool
) -> None:
    whole = IN_A_CHILD.format(script=script) if child else script
    with start(tmp_path, "read()\n" + whole, limits) as worker:
        with pytest.raises(LimitError, match=f"run: the worker went beyond {message}"):
            worker.request("run", timeout=SOON)
        for pid in family.of(worker.pid):
            assert gone(pid)


def test_a_worker_within_its_limits_is_let_be(tmp_path: Path) -> None:
    script = "held = b'x' * (64 << 20); say(read(), 'ok'); time.sleep(0.3); say(read(), 'ok')"
    with start(tmp_path, script, Limits(memory=512, cpu=60)) as worker:
        assert worker.request("run", timeout=SOON).status == "ok"
        time.sleep(0.3)
        worker.bye(timeout=SOON)


def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        WorkerProcess(("/nonexistent/worker",), tmp_path / "log")
    with pytest.raises(PermissionError):
        WorkerProcess((str(tmp_path),), tmp_path / "log")


# --- nothing outlives the harness ---------------------------------------------------

SPIN = """
spin = [sys.executable, "-c", "while True: pass"]
children = [subprocess.Popen(spin), subprocess.Popen(spin, start_new_session=True)]
say(read(), "ok", *(child.pid for child in children))
read()
while True: pass
"""

# A thread starts the worker and ends, as those of a pool do; another one waits for it.
# A shell without job control, or nohup, has signals ignored: the parent's affair.
HARNESS = """
import signal, sys, threading, time
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from stele.parity.process import WorkerProcess
started = []
thread = threading.Thread(target=lambda: started.append(
    WorkerProcess((sys.executable, "-c", sys.argv[1]), Path(sys.argv[2]))))
thread.start(); thread.join()
worker = started[0]
worker.request("hello", timeout=60)
print(worker.pid, *worker.request("run", timeout=60).fields, flush=True)
worker.request("run", timeout=600)
"""


def spinning_harness(tmp_path: Path) -> tuple[subprocess.Popen[str], list[int]]:
    harness = subprocess.Popen(
        [sys.executable, "-c", HARNESS, PROLOGUE + SPIN, str(tmp_path / "log")],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert harness.stdout is not None
    return harness, [int(word) for word in harness.stdout.readline().split()]


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda n: n.name
)
def test_nothing_outlives_the_harness(tmp_path: Path, number: signal.Signals) -> None:
    harness, spinning = spinning_harness(tmp_path)
    try:
        assert len(spinning) == 3
        launchers = family.of(harness.pid)
        harness.send_signal(number)
        assert harness.wait(SOON) != 0
    finally:
        harness.kill()
    for pid in (*spinning, *launchers):
        assert gone(pid), pid
    assert harness.stdout is not None
    harness.stdout.close()


def stop(worker: WorkerProcess) -> None:
    worker.stop()


def crash(worker: WorkerProcess) -> None:
    os.kill(worker.pid, signal.SIGSEGV)
    with pytest.raises(CrashError, match="SIGSEGV"):
        worker.request("run", timeout=SOON)


@pytest.mark.parametrize("end", [stop, crash])
def test_what_a_worker_started_ends_with_it(
    tmp_path: Path, end: Callable[[WorkerProcess], None]
) -> None:
    with start(tmp_path, SPIN) as worker:
        children = [int(field) for field in worker.request("run", timeout=SOON).fields]
        assert len(children) == 2
        end(worker)
        for pid in children:
            assert gone(pid), pid


def test_a_killed_launcher_takes_the_worker_along(tmp_path: Path) -> None:
    with start(tmp_path, "read(); time.sleep(3600)") as worker:
        (launcher,) = {pid for pid in family.of(os.getpid()) if worker.pid in family.of(pid)} - {
            os.getpid(),
            worker.pid,
        }
        os.kill(launcher, signal.SIGKILL)
        with pytest.raises(CrashError):
            worker.request("run", timeout=SOON)
        assert gone(worker.pid)
