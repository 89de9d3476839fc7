"""Which native library a worker really uses: the proof of a class.

The same libtensorflow files, by content, the same ``TF_`` flags and the same
execution path are one class; its bindings must agree bit for bit. Nothing here is declared by a
binding: the kernel says which files are mapped, into the worker or into a
server that it started, and which variables that process was started with.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stele import paths
from stele.parity import family

_NAMES = ("libtensorflow_cc.", "libtensorflow_framework.", "libtensorflow.")
_lock = threading.Lock()

# The profile in which a session gives the function's bits.
AS_FUNCTION = "python"


@dataclass(frozen=True)
class LibraryClass:
    """What bits depend on.

    Attributes:
        libraries: SHA-256 by file name, sorted; empty when none is mapped.
        flags: The ``TF_`` variables that the library reads and that are set,
            sorted, and the session config if it is not the default one.
        path: ``function`` or ``session``: a session optimizes the graph as a whole,
            and may fold constants across the functions in it.
    """

    libraries: tuple[tuple[str, str], ...] = ()
    flags: tuple[tuple[str, str], ...] = ()
    path: str = "session"

    @property
    def proven(self) -> bool:
        """Whether a TensorFlow library was found in the process."""
        return bool(self.libraries)

    def same_as(self, other: LibraryClass) -> bool:
        """Tell whether the bits of both must be the same."""
        return self.proven and self == other

    @property
    def label(self) -> str:
        """A short name for tables: the beginning of a hash over everything."""
        if not self.proven:
            return "unproven"
        whole = json.dumps([self.libraries, self.flags, self.path]).encode()
        return hashlib.sha256(whole).hexdigest()[:8]


def of_worker(pid: int, config: str = "default", path: str = "session") -> LibraryClass:
    """Hash the libtensorflow files mapped by a worker that runs with this config.

    The profile ``python`` turns the graph's optimizer off, and with it all that
    makes a session another path than the function.
    """
    files: set[Path] = set()
    variables: set[tuple[str, str]] = set()
    for member in family.of(pid):
        mapped = _mapped(member)
        files |= mapped
        variables |= {
            (name, value)
            for name, value in _environment(member).items()
            if any(_reads(file, name) for file in mapped)
        }
    flags = sorted(variables)
    if config == AS_FUNCTION:
        path = "function"
    elif config != "default":
        flags.append(("config", config))
    hashes = sorted((file.name, _hash(file)) for file in files)
    return LibraryClass(tuple(hashes), tuple(flags), path)


def _mapped(pid: int) -> set[Path]:
    """Return the libtensorflow files mapped into a process; none off Linux."""
    try:
        lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    except OSError:
        return set()  # the process has gone
    files = {Path(line.split(maxsplit=5)[5]) for line in lines if "/" in line}
    return {file for file in files if file.name.startswith(_NAMES)}


def _environment(pid: int) -> dict[str, str]:
    """Return the variables that a process was started with; none off Linux."""
    try:
        data = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return {}
    pairs = (entry.decode(errors="replace").partition("=") for entry in data.split(b"\0"))
    return {name: value for name, _, value in pairs if name}


def _reads(library: Path, variable: str) -> bool:
    """Tell whether a variable is a flag of TensorFlow's: the library knows its name.

    Other programs have variables that begin with ``TF_``, Terraform above all.
    ``TF_CPP_*`` is about logging and changes no bit.
    """
    if not variable.startswith("TF_") or variable.startswith("TF_CPP_"):
        return False
    return bool(_remembered(library, variable, lambda: _contains(library, variable)))


def _contains(file: Path, text: str) -> bool:
    with (
        file.open("rb") as stream,
        mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        return data.find(text.encode(errors="replace") + b"\0") >= 0


def _hash(file: Path) -> str:
    """Return a file's SHA-256."""

    def compute() -> str:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    return str(_remembered(file, "sha256", compute))


def _remembered(file: Path, what: str, compute: Callable[[], str | bool]) -> str | bool:
    """Return what was found out about a file, for as long as the file is the same."""
    stat = file.stat()
    key = f"{file}:{stat.st_ino}:{stat.st_size}:{stat.st_mtime_ns}:{what}"
    memory = paths.build_dir() / "cache" / "libraries.json"
    with _lock:
        try:
            known: dict[str, str | bool] = json.loads(memory.read_text())
        except (OSError, ValueError):
            known = {}
        if key not in known:
            known[key] = compute()
            memory.parent.mkdir(parents=True, exist_ok=True)
            partial = memory.with_suffix(f".{os.getpid()}")
            partial.write_text(json.dumps(known, indent=1))
            partial.replace(memory)
        return known[key]
