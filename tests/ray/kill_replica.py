"""Kills replicas of `stele serve --ray` under load: no call may fail, no bit may differ.

    python -m tests.ray.kill_replica [--calls N] [--update FILE]

Two replicas on this machine; clients of stele.remote call them all the time; kill -9
ends one replica, and when there are two again, the other. One more client does not
retry, and shows that the calls did meet a dying replica. Everything happens in a
namespace with no network but loopback (as root, or where others may make one), within
five minutes. Exit status: 0 no call failed, 1 one did, 3 could not run.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from stele import paths
from stele.parity.record import machine
from stele.remote import launch
from tests.ray import loopback
from tests.ray.environment import RAY
from tests.ray.load import Tally, digits, load

_LIMIT = 300.0
_SETTLE = 3.0
_KILLS = 2
_CLIENTS = 8

# Of a socket, in /proc/net.
_LISTENS = "0A"

_BEGIN = "<!-- kill_replica: begin -->"
_END = "<!-- kill_replica: end -->"


class Server:
    """``stele serve --ray`` with two replicas of digits."""

    def __init__(self, model: Path, log: Path, options: list[str]) -> None:
        command = [
            str(RAY.command), "serve", "--ray", "--replicas", "2", "--port", "0", "--json",
            "--stop-with-stdin", *options, f"digits={model}",
        ]  # fmt: skip
        with log.open("wb") as stderr:
            started = launch.start(command, timeout=180, stderr=stderr)
        self.address = started.address
        self._process = started.process
        self._lifeline = started.lifeline

    def stop(self) -> int:
        """Have it drain and end; return its exit status."""
        os.close(self._lifeline)
        return self._process.wait(timeout=60)


def replicas() -> list[int]:
    """Return the processes that are replicas, the oldest first."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if file.read_bytes().startswith(b"ray::ServeReplica:"):
                found.append(int(file.parent.name))
        except OSError:
            continue
    return sorted(found)


def serving() -> list[int]:
    """Return the replicas that take calls, the oldest first.

    Once its models are loaded, a replica listens on all interfaces.
    """
    sockets = set()
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            _, local, _, state, *_ = fields = line.split()
            if state == _LISTENS and not int(local.partition(":")[0], 16):
                sockets.add(f"socket:[{fields[9]}]")
    return [process for process in replicas() if sockets & _open_files(process)]


def _open_files(process: int) -> set[str]:
    found = set()
    for file in Path(f"/proc/{process}/fd").glob("*"):
        try:
            found.add(str(file.readlink()))
        except OSError:
            continue
    return found


def wait_for(condition: Callable[[], bool], deadline: float) -> None:
    """Wait until something is so.

    Raises:
        TimeoutError: It is not so by the deadline.
    """
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)


def torment(address: str, model: Path, calls: int, deadline: float) -> tuple[Tally, Tally]:
    """Kill replicas under load; return what became of calls with retries, and without.

    Raises:
        TimeoutError: It took too long.
    """
    cases = digits(model)
    with load(address, cases, _CLIENTS, 4) as patient, load(address, cases, 1, 0) as hasty:
        for number in range(_KILLS):
            due = (number + 1) * calls // (_KILLS + 1)
            wait_for(lambda due=due: patient.calls >= due, deadline)
            wait_for(lambda: len(serving()) == 2, deadline)
            victim, survivor = serving()
            at, start = patient.calls, time.monotonic()
            os.kill(victim, signal.SIGKILL)
            wait_for(lambda known={victim, survivor}: bool({*serving()} - known), deadline)
            took = time.monotonic() - start
            print(
                f"killed replica {victim} after {at} calls; two again in {took:.1f} s", flush=True
            )
            time.sleep(_SETTLE)
        wait_for(lambda: patient.calls >= calls, deadline)
    return patient, hasty


def row(name: str, tally: Tally) -> list[str]:
    """Return a line of the table."""
    failed = ", ".join(f"{count} {code}" for code, count in tally.failed.items()) or "0"
    times = [f"{tally.milliseconds(percent):.1f} ms" for percent in (50, 95, 99, 100)]
    return [name, f"{tally.calls:,}", failed, str(tally.differ), *times]


def report(patient: Tally, hasty: Tally) -> str:
    """Return the table in Markdown, with machine, versions and date."""
    head = ["client", "calls", "failed", "bits differ", "median", "95%", "99%", "longest"]
    rows = [row("retries (the default)", patient), row("no retries, to compare", hasty)]
    where = machine()
    return "\n".join(
        [
            "| " + " | ".join(head) + " |",
            "|---" + "|---:" * (len(head) - 1) + "|",
            *("| " + " | ".join(cells) + " |" for cells in rows),
            "",
            f"digits, {_CLIENTS} clients, two replicas, {_KILLS} of them killed with -9; "
            f"{where['machine']}; Ray {RAY.version()}, TensorFlow {where['tensorflow']}, Python "
            f"{where['python']}; {where['date']}.",
        ]
    )


def update(file: Path, text: str) -> None:
    """Replace what stands between the marks of a file."""
    before, _, rest = file.read_text().partition(_BEGIN)
    _, _, after = rest.partition(_END)
    file.write_text(f"{before}{_BEGIN}\n{text}\n{_END}{after}")


def run(calls: int, model: Path, options: list[str], file: Path | None) -> int:
    """Carry it out, in the namespace."""
    log = paths.build_dir() / "ray" / "server.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    os.environ |= RAY.variables
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with ExitStack() as stack:
        os.environ["RAY_TMPDIR"] = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True)
        )
        start = time.monotonic()
        server = Server(model, log, options)
        print(f"two replicas, ready in {time.monotonic() - start:.1f} s", flush=True)
        try:
            patient, hasty = torment(server.address, model, calls, start + _LIMIT)
        except TimeoutError:
            print(f"not done within {_LIMIT:.0f} s; the server's log: {log}", file=sys.stderr)
            return 3
        finally:
            start = time.monotonic()
            status = server.stop()
            print(f"drained, exit status {status}, in {time.monotonic() - start:.1f} s")
    text = report(patient, hasty)
    print(f"\n{text}")
    if file is not None:
        update(file, text)
    # Any other code than UNAVAILABLE is one that no policy retries.
    bad = patient.failed.total() + patient.differ + hasty.differ + status
    return int(bool(bad) or bool(hasty.failed.keys() - {"UNAVAILABLE"}))


def main() -> int:
    """Make the environment, enter the namespace, and carry it out."""
    parser = argparse.ArgumentParser(description="kill replicas under load")
    parser.add_argument("--calls", type=int, default=3000, help="at least (default: %(default)s)")
    parser.add_argument(
        "--no-haproxy", dest="options", action="store_const", const=["--no-haproxy"], default=[],
        help="with Ray's own proxy, to compare: calls fail",
    )  # fmt: skip
    parser.add_argument("--update", type=Path, metavar="FILE", help="write the table into it")
    args = parser.parse_args()
    model = paths.models_dir() / "digits" / "saved_model"
    if not model.exists():
        print("the model digits is not there; run: make model-digits", file=sys.stderr)
        return 3
    RAY.make()
    if why := loopback.problem():
        print(f"no namespace can be made here: {why}", file=sys.stderr)
        return 3
    loopback.enter()
    return run(args.calls, model, args.options, args.update)


if __name__ == "__main__":
    sys.exit(main())
