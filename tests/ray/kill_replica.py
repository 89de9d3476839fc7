"""Kills replicas of `stele serve --ray` under load: no call may fail, no bit may differ.

    python -m tests.ray.kill_replica [--plain | --no-haproxy] [--calls N] [--update FILE]

Two replicas on this machine; clients of stele.remote call them all the time; kill -9
ends one replica, and when there are two again, the other. Other clients do not retry:
what fails there is what the retry policy hides. With --plain HAProxy does not
send a call again either, so that the clients' policy is all there is. Everything
happens in a namespace with no network but loopback (as root, or where others may make
one), within five minutes. Exit status: 0 no call failed, 1 one did, 3 could not run.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from stele import marked
from tests.ray import loopback, report
from tests.ray.environment import RAY
from tests.ray.load import Tally, digits, load, model
from tests.ray.server import running, wait_for

_LIMIT = 300.0
_SETTLE = 3.0
_KILLS = 2
_CLIENTS = 8
_HASTY = 4

# What carries the calls, by how the script is told.
_CARRIERS = {
    "default": "HAProxy",
    "plain": "HAProxy as Ray has it",
    "no_haproxy": "Ray's own proxy",
}

# Of a socket, in /proc/net.
_LISTENS = "0A"


def replicas() -> list[int]:
    """Return the replicas that take calls, the oldest first.

    Once its models are loaded, a replica listens on all interfaces.
    """
    sockets = set()
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            _, local, _, state, *_ = fields = line.split()
            if state == _LISTENS and not int(local.partition(":")[0], 16):
                sockets.add(f"socket:[{fields[9]}]")
    return sorted(
        int(process.name)
        for process in Path("/proc").glob("[0-9]*")
        if _is_replica(process) and sockets & _open_files(process)
    )


def _is_replica(process: Path) -> bool:
    try:
        return (process / "cmdline").read_bytes().startswith(b"ray::ServeReplica:")
    except OSError:
        return False


def _open_files(process: Path) -> set[str]:
    found = set()
    for file in (process / "fd").glob("*"):
        try:
            found.add(str(file.readlink()))
        except OSError:
            continue
    return found


def torment(address: str, folder: Path, calls: int, deadline: float) -> tuple[Tally, Tally]:
    """Kill replicas under load; return what became of calls with retries, and without.

    Raises:
        TimeoutError: It took too long.
    """
    cases = digits(folder)
    with load(address, cases, _CLIENTS, 4) as patient, load(address, cases, _HASTY, 0) as hasty:
        for number in range(_KILLS):
            due = (number + 1) * calls // (_KILLS + 1)
            wait_for(lambda due=due: patient.calls >= due, deadline)
            wait_for(lambda: len(replicas()) == 2, deadline)
            victim, survivor = replicas()
            at, start = patient.calls, time.monotonic()
            os.kill(victim, signal.SIGKILL)
            wait_for(lambda known={victim, survivor}: bool({*replicas()} - known), deadline)
            took = time.monotonic() - start
            print(
                f"killed replica {victim} after {at} calls; two again in {took:.1f} s", flush=True
            )
            time.sleep(_SETTLE)
        wait_for(lambda: patient.calls >= calls, deadline)
    return patient, hasty


def run(calls: int, folder: Path, mode: str, file: Path | None) -> int:
    """Carry it out, in the namespace."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if mode == "plain":
        os.environ["RAY_SERVE_HAPROXY_RETRY_ON"] = "conn-failure"
    options = ["--no-haproxy"] if mode == "no_haproxy" else []
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as own:
        os.environ["RAY_TMPDIR"] = own
        more = ["--replicas", "2", "--port", "0", *options, f"digits={folder}"]
        deadline = time.monotonic() + _LIMIT
        with running("kill_replica", *more) as address:
            patient, hasty = torment(address, folder, calls, deadline)
    text = report.table(
        {"retries (the default)": patient, "no retries": hasty},
        f"{_CARRIERS[mode]}; digits, {_CLIENTS} and {_HASTY} clients, two replicas, {_KILLS} "
        "killed with -9",
    )
    print(f"\n{text}")
    if file is not None:
        marked.replace(file, f"kill_replica {mode}", text)
    # Any other code than UNAVAILABLE is one that no policy retries.
    hopeless = hasty.failed.keys() - {"UNAVAILABLE"}
    return int(bool(patient.failed or patient.differ or hasty.differ or hopeless))


def main() -> int:
    """Make the environment, enter the namespace, and carry it out."""
    parser = argparse.ArgumentParser(description="kill replicas under load")
    parser.add_argument("--calls", type=int, default=3000, help="at least (default: %(default)s)")
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument(
        "--plain", dest="mode", action="store_const", const="plain", default="default",
        help="HAProxy as Ray has it, which sends no call again",
    )  # fmt: skip
    modes.add_argument(
        "--no-haproxy", dest="mode", action="store_const", const="no_haproxy",
        help="Ray's own proxy: calls fail",
    )  # fmt: skip
    parser.add_argument("--update", type=Path, metavar="FILE", help="write the table into it")
    args = parser.parse_args()
    folder = model()
    RAY.make()
    loopback.enter()
    return run(args.calls, folder, args.mode, args.update)


if __name__ == "__main__":
    sys.exit(main())
