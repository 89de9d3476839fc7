"""Replacing a folder as a whole: readers see the old one or the new one, never half."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def locked(target: Path) -> Iterator[None]:
    """Hold the lock of a folder that may not exist yet.

    Two trainings of one model at a time would waste the second; whoever comes
    later waits, and then finds the work done.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / f".{target.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def staged(target: Path) -> Iterator[Path]:
    """Give an empty folder that takes the place of `target` when the block ends.

    When the block raises, KeyboardInterrupt included, `target` stays as it was
    and nothing else stays at all. Call it under `locked`: it removes what a
    killed process left behind.
    """
    prefix = f".{target.name}.staging-"
    for leftover in target.parent.glob(f"{prefix}*"):
        shutil.rmtree(leftover)
    work = Path(tempfile.mkdtemp(prefix=prefix, dir=target.parent))
    fresh, old = work / "new", work / "old"
    try:
        fresh.mkdir()
        yield fresh
        _swap(fresh, target, old)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _swap(fresh: Path, target: Path, old: Path) -> None:
    # rename(2) replaces no folder that has files: the old one has to step aside.
    with suppress(FileNotFoundError):
        target.rename(old)
    try:
        fresh.rename(target)
    except BaseException:
        if old.exists():
            old.rename(target)
        raise
