"""What a model's folder holds: one SavedModel, or a numbered folder for each version."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_PB = "saved_model.pb"

# A version that moves through an int64 on the wire.
_LARGEST = 2**63 - 1

Fingerprint = tuple[tuple[str, int, int], ...]


def is_versioned(folder: Path) -> bool:
    """Tell whether a folder has numbered versions, and is no SavedModel itself."""
    return not (folder / _PB).exists() and newest(folder) is not None


def newest(folder: Path) -> int | None:
    """Return the largest version below a folder; None if there is none."""
    return max((number for number, _ in versions(folder)), default=None)


def versions(folder: Path) -> Iterator[tuple[int, Path]]:
    """Yield the numbered SavedModels below a folder, in no order."""
    try:
        children = list(folder.iterdir())
    except OSError:
        return
    for child in children:
        name = child.name
        if name.isascii() and name.isdigit() and int(name) <= _LARGEST and (child / _PB).exists():
            yield int(name), child


def version(folder: Path, number: int) -> Path:
    """Return the folder of a version: ``7``, ``07``, ``007``, whichever is there."""
    return next(path for found, path in versions(folder) if found == number)


def fingerprint(folder: Path) -> Fingerprint:
    """Return what changes when a SavedModel's files do: paths, sizes, times."""
    found = []
    for file in sorted(folder.rglob("*")):
        try:
            status = file.stat()
        except OSError:
            continue
        found.append((str(file), status.st_size, status.st_mtime_ns))
    return tuple(found)


def model_name(folder: Path) -> str:
    """Return what a model is called if nobody said: its folder, or the one above.

    ``digits``, ``digits/saved_model`` and ``digits/3`` are all called digits.
    """
    path = folder.resolve()
    if path.name == "saved_model" or (path.name.isascii() and path.name.isdigit()):
        path = path.parent
    return path.name
