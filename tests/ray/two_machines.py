"""Ends one of two machines of a Ray cluster under load: no call may fail.

    python -m tests.ray.two_machines [--calls N] [--cut] [--update FILE]

The machines are two network namespaces of this one, with an address each and a cable
between them, and processes that do not see each other. Each runs Ray and, for
`stele serve --ray --ray-address`, a replica and an HAProxy. Clients call the first
machine; the second ends in the middle, all its processes at once. With --cut it is the
cable between them that ends, and nobody is told: a call inside the second machine then
waits for its deadline, and no other may fail. Needs root, and iproute2. Exit status:
0 as it should be, 1 not, 3 could not run.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from stele import marked
from tests.ray import loopback, report
from tests.ray.environment import RAY
from tests.ray.load import digits, load, model
from tests.ray.server import running, wait_for

_LIMIT = 300.0
_AFTER = 20.0
_CLIENTS = 8
_FIRST, _SECOND = "10.77.0.1", "10.77.0.2"
_RAY_PORT = 6379
_PORT = 8500


@contextmanager
def second_machine() -> Iterator[tuple[subprocess.Popen[bytes], list[str]]]:
    """Connect another machine to this one; yield it, and what runs a command there.

    It ends when its process is killed.
    """
    machine = subprocess.Popen(
        ["unshare", "--net", "--pid", "--fork", "--mount-proc", "--kill-child", "sleep", "600"]
    )
    try:
        (inside,) = _children(machine.pid)
        there = ["nsenter", "--net", "--pid", "--mount", "--target", str(inside)]
        for prefix, command in (
            # The first machine has its address at the switch, and keeps it when the
            # cable goes with the second.
            ([], "link add name switch type bridge"),
            ([], f"address add {_FIRST}/24 dev switch"),
            ([], "link set switch up"),
            ([], f"link add name cable type veth peer name cable netns {inside}"),
            ([], "link set cable master switch up"),
            (there, f"address add {_SECOND}/24 dev cable"),
            (there, "link set cable up"),
            (there, "link set lo up"),
        ):
            subprocess.run([*prefix, "ip", *command.split()], check=True)
        yield machine, there
    finally:
        machine.kill()
        machine.wait()


def _children(process: int) -> list[int]:
    file = Path(f"/proc/{process}/task/{process}/children")
    wait_for(lambda: bool(file.read_text()), time.monotonic() + 10)
    return [int(word) for word in file.read_text().split()]


def start_ray(folder: Path, there: list[str], *options: str) -> None:
    """Start Ray on a machine.

    Raises:
        subprocess.CalledProcessError: It cannot be started.
    """
    folder.mkdir()
    command = [*there, str(RAY.folder / "bin" / "ray"), "start", "--num-cpus", "1", *options]
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=os.environ | {"RAY_TMPDIR": str(folder)}, timeout=60,
    )  # fmt: skip


def run(calls: int, folder: Path, *, cut: bool, file: Path | None) -> int:
    """Carry it out, in a namespace."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # One token for the cluster.
    os.environ |= {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_USAGE_STATS_ENABLED": "0",
        **RAY.variables,
    }
    deadline = time.monotonic() + _LIMIT
    with ExitStack() as stack:
        own = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True)
            )
        )
        machine, there = stack.enter_context(second_machine())
        start_ray(
            own / "1", [], "--head", f"--node-ip-address={_FIRST}", f"--port={_RAY_PORT}",
            "--include-dashboard=false",
        )  # fmt: skip
        cluster = f"{_FIRST}:{_RAY_PORT}"
        start_ray(own / "2", there, f"--address={cluster}", f"--node-ip-address={_SECOND}")
        options = ["--ray-address", cluster, "--host", "0.0.0.0", "--port", str(_PORT)]  # noqa: S104
        stack.enter_context(running("two_machines", *options, f"digits={folder}"))
        cases = digits(folder)
        with load(f"{_SECOND}:{_PORT}", cases, 1, 4) as second:
            wait_for(lambda: second.calls >= calls // 10, deadline)
        with load(f"{_FIRST}:{_PORT}", cases, _CLIENTS, 4) as first:
            wait_for(lambda: first.calls >= calls // 2, deadline)
            if cut:
                subprocess.run(["ip", "link", "set", "cable", "down"], check=True)
            else:
                machine.kill()
            what = "cut the cable" if cut else "ended the second machine"
            print(f"{what} after {first.calls} calls", flush=True)
            time.sleep(_AFTER)
            wait_for(lambda: first.calls >= calls, deadline)
    text = report.table(
        {"at the first machine": first, "at the second, before": second},
        f"digits, {_CLIENTS} clients, two replicas on two machines; {what}",
    )
    print(f"\n{text}")
    if file is not None:
        marked.replace(file, "two_machines_cut" if cut else "two_machines", text)
    if cut and first.failed.total() <= _CLIENTS:
        del first.failed["DEADLINE_EXCEEDED"]
    return int(bool(first.failed or first.differ or second.failed or second.differ))


def main() -> int:
    """Make the environment, enter the namespace, and carry it out."""
    parser = argparse.ArgumentParser(description="end one of two machines under load")
    parser.add_argument("--calls", type=int, default=3000, help="at least (default: %(default)s)")
    parser.add_argument("--cut", action="store_true", help="cut the cable instead")
    parser.add_argument("--update", type=Path, metavar="FILE", help="write the table into it")
    args = parser.parse_args()
    folder = model()
    RAY.make()
    loopback.enter()
    return run(args.calls, folder, cut=args.cut, file=args.update)


if __name__ == "__main__":
    sys.exit(main())
