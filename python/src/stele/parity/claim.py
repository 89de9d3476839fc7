"""Who may write where: two runs at once in one checkout do not disturb each other."""

from __future__ import annotations

import fcntl
from itertools import count
from pathlib import Path
from typing import IO

from stele.contract.codes import Code, SteleError, from_os_error

# Held until this process ends, in whatever way: the kernel lets go of them.
_held: dict[Path, IO[bytes]] = {}


def claim(folder: Path) -> Path:
    """Take a folder for this process, and create it; a second claim is the first.

    Raises:
        SteleError: FAILED_PRECONDITION when another process has it; the system error's
            code when it cannot be written.
    """
    folder = folder.resolve()
    if not _take(folder):
        raise SteleError(
            Code.FAILED_PRECONDITION, f'"{folder}" is in use by another run; give this one another'
        )
    return folder


def claim_free(folder: Path) -> Path:
    """Take a folder for this process, or one beside it: ``check``, ``check-2``, ….

    Raises:
        SteleError: The system error's code when it cannot be written.
    """
    folder = folder.resolve()
    names = (folder.with_name(f"{folder.name}-{number}") for number in count(2))
    candidate = folder
    while not _take(candidate):
        candidate = next(names)
    return candidate


def _take(folder: Path) -> bool:
    if folder in _held:
        return True
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("ab")
    except OSError as error:
        raise from_os_error(error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return False
    _held[folder] = lock
    return True
