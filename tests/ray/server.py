"""``stele serve --ray`` as a process."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from stele import paths
from stele.remote import launch
from tests.ray.environment import RAY


@contextmanager
def running(name: str, *options: str) -> Iterator[str]:
    """Serve, yield the address, and have the server drain at the end.

    Args:
        name: Of the log, below build/ray.
        options: Of ``stele serve``, and the models.

    Raises:
        RuntimeError: It does not end as it should.
    """
    log = paths.build_dir() / "ray" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    os.environ |= RAY.variables
    start = time.monotonic()
    with log.open("wb") as stderr:
        command = [str(RAY.command), "serve", "--ray", "--json", "--stop-with-stdin", *options]
        started = launch.start(command, timeout=180, stderr=stderr)
    print(f"ready in {time.monotonic() - start:.1f} s; the log: {log}", flush=True)
    try:
        yield started.address
    finally:
        start = time.monotonic()
        os.close(started.lifeline)
        status = started.process.wait(timeout=90)
        print(f"drained in {time.monotonic() - start:.1f} s", flush=True)
    if status:
        raise RuntimeError(f"the server ended with status {status}; its log: {log}")


def wait_for(condition: Callable[[], bool], deadline: float) -> None:
    """Wait until something is so.

    Args:
        condition: What.
        deadline: On the monotonic clock.

    Raises:
        TimeoutError: It is not so by then.
    """
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("it took too long")
        time.sleep(0.05)
