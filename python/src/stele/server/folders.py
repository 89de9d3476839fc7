"""What a model's folder holds: one SavedModel, or a numbered folder for each version."""

from __future__ import annotations

from pathlib import Path

_PB = "saved_model.pb"

# A version is an int64 on the wire.
_LARGEST = 2**63 - 1

Fingerprint = tuple[tuple[str, int, int], ...]


def is_saved_model(folder: Path) -> bool:
    """Tell whether a folder is a SavedModel, whatever else it holds."""
    return (folder / _PB).exists()


def versions(folder: Path) -> dict[int, Path]:
    """Return the numbered SavedModels below a folder, the largest number first."""
    try:
        children = list(folder.iterdir())
    except OSError:
        return {}
    numbered = {
        int(child.name): child
        for child in children
        if _is_number(child.name) and is_saved_model(child)
    }
    return dict(sorted(numbered.items(), reverse=True))


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit() and int(name) <= _LARGEST


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
    if path.name == "saved_model" or _is_number(path.name):
        path = path.parent
    return path.name
