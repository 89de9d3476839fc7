"""Which native library a worker really uses: the proof of a class.

The same libtensorflow files, by content, and the same ``TF_`` flags are one
class; its bindings must agree bit for bit. Nothing here is declared by a
binding: the kernel says which files are mapped, into the worker or into a
server that it started.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from dataclasses import dataclass
from pathlib import Path

from stele import paths
from stele.parity import family

_NAMES = ("libtensorflow_cc.", "libtensorflow_framework.", "libtensorflow.")
_lock = threading.Lock()


@dataclass(frozen=True)
class LibraryClass:
    """What bits depend on.

    Attributes:
        libraries: SHA-256 by file name, sorted; empty when none is mapped.
        flags: The ``TF_`` variables that change computation, sorted, and the
            session config if it is not the default one.
    """

    libraries: tuple[tuple[str, str], ...]
    flags: tuple[tuple[str, str], ...]

    @property
    def proven(self) -> bool:
        """Whether a TensorFlow library was found in the process."""
        return bool(self.libraries)

    @property
    def label(self) -> str:
        """A short name for tables: the beginning of a hash over everything."""
        if not self.proven:
            return "unproven"
        whole = json.dumps([self.libraries, self.flags]).encode()
        return hashlib.sha256(whole).hexdigest()[:8]


def of_worker(pid: int, config: str = "default") -> LibraryClass:
    """Hash the libtensorflow files mapped by a worker that runs with this config."""
    files = {file for member in family.of(pid) for file in _mapped(member)}
    # TF_CPP_* is about logging and changes no bit.
    flags = sorted(
        (name, value)
        for name, value in os.environ.items()
        if name.startswith("TF_") and not name.startswith("TF_CPP_")
    )
    if config != "default":
        flags.append(("config", config))
    hashes = sorted((Path(file).name, _hash(Path(file))) for file in files)
    return LibraryClass(tuple(hashes), tuple(flags))


def _mapped(pid: int) -> set[str]:
    """Return the libtensorflow files mapped into a process; none off Linux."""
    try:
        lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    except OSError:
        return set()  # the process has gone
    paths_ = {line.split(maxsplit=5)[5] for line in lines if "/" in line}
    return {path for path in paths_ if Path(path).name.startswith(_NAMES)}


def _hash(file: Path) -> str:
    """Return a file's SHA-256, remembered for as long as the file is the same."""
    stat = file.stat()
    key = f"{file}:{stat.st_ino}:{stat.st_size}:{stat.st_mtime_ns}"
    memory = paths.build_dir() / "cache" / "library-hashes.json"
    with _lock:
        try:
            known: dict[str, str] = json.loads(memory.read_text())
        except (OSError, ValueError):
            known = {}
        if key not in known:
            with file.open("rb") as stream:
                known[key] = hashlib.file_digest(stream, "sha256").hexdigest()
            memory.parent.mkdir(parents=True, exist_ok=True)
            partial = memory.with_suffix(f".{os.getpid()}")
            partial.write_text(json.dumps(known, indent=1))
            partial.replace(memory)
        return known[key]
