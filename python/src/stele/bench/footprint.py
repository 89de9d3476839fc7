"""Bytes of what a binding needs to run, its dependencies with it.

On disk there are two sources: the files that its running processes have mapped (programs,
libraries, data), which nobody has to declare; and what ``installs`` in its ``binding.toml``
names, for languages whose code is read and not mapped. A file that is in both counts once. The
operating system's own files are not told apart: what is mapped is needed.

What runs in a page is downloaded, too: ``downloads`` names the files.
"""

from __future__ import annotations

import gzip
import stat
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from stele.bench import mapped
from stele.contract.codes import Code, SteleError
from stele.parity.binding import Binding

_IMPORT = "python:"


def of(binding: Binding, pid: int) -> int | None:
    """Return the bytes; None where nothing can be seen of a process.

    Raises:
        SteleError: INVALID_ARGUMENT when ``installs`` names what is not there.
    """
    seen = list(mapped.files(pid))
    if not seen:
        return None
    sizes: dict[tuple[int, int], int] = {}
    for file in [*seen, *_installed(binding)]:
        try:
            found = file.stat()
        except OSError:  # a mapped file may be deleted by now
            continue
        if stat.S_ISREG(found.st_mode):
            sizes[found.st_dev, found.st_ino] = found.st_size
    return sum(sizes.values())


def download(binding: Binding) -> int | None:
    """Return the bytes that a page's visitor downloads of its runtime; None where it has no page.

    Each file is compressed by itself, as a server sends it.

    Raises:
        SteleError: INVALID_ARGUMENT when ``downloads`` names what is not there.
    """
    if not binding.downloads:
        return None
    try:
        return sum(len(gzip.compress(Path(file).read_bytes())) for file in binding.downloads)
    except FileNotFoundError as error:
        raise _missing(binding, "downloads", error.filename) from error


def _installed(binding: Binding) -> Iterator[Path]:
    for entry in binding.installs:
        if entry.startswith(_IMPORT):
            yield from _distributions(binding, entry.removeprefix(_IMPORT))
        else:
            path = Path(entry)
            if not path.exists():
                raise _missing(binding, "installs", entry)
            yield from path.rglob("*") if path.is_dir() else [path]


def _distributions(binding: Binding, imported: str) -> Iterator[Path]:
    """Yield the files of what provides an import, and of all that it requires here."""
    wanted = list(metadata.packages_distributions().get(imported, ()))
    if not wanted:
        raise _missing(binding, "installs", f"{_IMPORT}{imported}")
    visited = set()
    for name in wanted:  # grows
        if name in visited:
            continue
        visited.add(name)
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # it runs without
        yield from (Path(str(found.locate_file(file))) for file in found.files or ())
        required = (Requirement(text) for text in found.requires or ())
        wanted += [r.name for r in required if r.marker is None or r.marker.evaluate({"extra": ""})]


def _missing(binding: Binding, key: str, entry: str) -> SteleError:
    file = binding.folder / "binding.toml"
    return SteleError(Code.INVALID_ARGUMENT, f'{file}: {binding.id} {key} "{entry}": not there')
