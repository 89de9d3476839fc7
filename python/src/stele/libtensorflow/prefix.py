"""The installed wheel's C and C++ library as a standard prefix.

The wheels ``tensorflow`` and ``tensorflow-cpu`` carry, since 2.16, the whole C
library and all headers, under names and in a folder that no build system looks
for. This lays ``include/``, ``lib/`` and ``lib/pkgconfig/tensorflow.pc`` around
them, so that in any project

    eval "$(stele libtensorflow)"
    cc program.c $(pkg-config --cflags --libs tensorflow)
    c++ -std=c++17 program.cc -Wl,--no-as-needed $(pkg-config --cflags --libs tensorflow)

is all it takes. (C++ reaches parts of the library that register themselves, hence
the flag.) TensorFlow is found and never imported, which would take seconds.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stele import paths
from stele.contract.codes import Code, SteleError, from_os_error
from stele.libtensorflow.wheel import Library, Wheel, find_library
from stele.staging import staged

# Says that a prefix is ours, and what it was made from.
MARK = "stele-libtensorflow.json"


# What a prefix was made from, as JSON.
Mark = dict[str, Any]


@dataclass(frozen=True)
class Prefix:
    """A prefix that is laid out.

    Attributes:
        path: Its absolute path.
        wheel: What it was made from.
        nbytes: Bytes of the libraries.
        copied: Whether it holds copies, not links into the wheel.
        change: ``new``, ``renewed`` or ``unchanged``.
    """

    path: Path
    wheel: Wheel
    nbytes: int
    copied: bool
    change: str

    @property
    def pkg_config_path(self) -> Path:
        """The folder to put into ``PKG_CONFIG_PATH``."""
        return self.path / "lib" / "pkgconfig"


def default_prefix() -> Path:
    """Return ``build/tensorflow`` in a stele checkout, else ``libtensorflow`` in the cwd."""
    try:
        return paths.build_dir() / "tensorflow"
    except SteleError:
        return Path.cwd() / "libtensorflow"


def usable(path: Path) -> Path:
    """Return a prefix as an absolute path that pkg-config can hand to a compiler.

    Raises:
        SteleError: INVALID_ARGUMENT when it cannot.
    """
    path = path.expanduser().resolve()
    # PKG_CONFIG_PATH and -Wl have no way to quote the first two and pkg-config
    # leaves the others bare in what a shell reads.
    if re.search(r"[:,$()\n\r]", str(path)):
        raise SteleError(
            Code.INVALID_ARGUMENT,
            f'the prefix "{path}" has one of :,$() or a line end in it, '
            "which pkg-config cannot pass on to a compiler",
        )
    return path


def export_line(pkg_config_path: Path) -> str:
    """Return the line of shell after which pkg-config looks into this folder first."""
    folder = shlex.quote(str(pkg_config_path))
    return f'export PKG_CONFIG_PATH={folder}"${{PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}}"\n'


def lay_out(path: Path, wheel: Wheel, *, copy: bool = False) -> Prefix:
    """Make a prefix, or leave it alone when it is what it should be.

    Args:
        path: The prefix; its parents are made too.
        wheel: What it is made from.
        copy: Copy the files (close to 1 GB), so that the wheel may go away.

    Raises:
        SteleError: ALREADY_EXISTS when something is there that this did not make,
            INVALID_ARGUMENT for a path that pkg-config cannot take, NOT_FOUND as
            `find_library`, or the system's code.
    """
    path = usable(path)
    library = find_library(wheel)
    mark = _mark(path, wheel, library, copy=copy)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path.parent):
            present = _read_mark(path)
            if present == mark and _is_whole(path, library):
                return Prefix(path, wheel, library.nbytes, copy, "unchanged")
            _refuse_foreign(path, present, mark)
            with staged(path) as fresh:
                _fill(fresh, path, wheel, library, copy=copy)
                (fresh / MARK).write_text(json.dumps(mark, indent=2) + "\n")
    except OSError as error:
        raise from_os_error(error) from error
    return Prefix(path, wheel, library.nbytes, copy, "new" if present is None else "renewed")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder itself: no lock file stays in a user's project."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _mark(path: Path, wheel: Wheel, library: Library, *, copy: bool) -> Mark:
    """Say what a prefix is made from: when this differs, it is made again."""
    files = {file.name: file.stat() for file in (library.cc, library.framework)}
    return {
        "wheel": str(wheel.folder),
        "files": {name: [stat.st_size, stat.st_mtime_ns] for name, stat in files.items()},
        "copy": copy,
        # Holds the version and the prefix.
        "pkg_config": _pkg_config(path, wheel),
        "entries": ["include", MARK, "lib", *(f"lib/{name}" for name in _lib(library))],
    }


def _lib(library: Library) -> dict[str, str]:
    """Return the names in ``lib/``, with what the links among them point at."""
    cc, framework, suffix = library.cc.name, library.framework.name, library.suffix
    return {
        cc: "",
        framework: "",
        f"libtensorflow{suffix}": cc,
        f"libtensorflow_cc{suffix}": cc,
        f"libtensorflow_framework{suffix}": framework,
        "pkgconfig": "",
        "pkgconfig/tensorflow.pc": "",
    }


def _read_mark(path: Path) -> Mark | None:
    """Return the mark of a prefix that this made, else None; empty when it is damaged."""
    try:
        mark = json.loads((path / MARK).read_text())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError:
        return {}
    return mark if isinstance(mark, dict) else {}


def _is_whole(path: Path, library: Library) -> bool:
    return (path / "include" / "tensorflow" / "c" / "c_api.h").is_file() and all(
        (path / "lib" / name).exists() for name in _lib(library)
    )


def _refuse_foreign(path: Path, present: Mark | None, mark: Mark) -> None:
    """Refuse to replace anything that was not made here."""
    if present is None:
        if path.exists() and not (path.is_dir() and not any(path.iterdir())):
            raise SteleError(
                Code.ALREADY_EXISTS,
                f'"{path}" is there and was not made by stele libtensorflow; '
                "remove it, or choose another --prefix",
            )
        return
    ours = {*present.get("entries", ()), *mark["entries"]}
    for folder in (path, path / "lib", path / "lib" / "pkgconfig"):
        for entry in sorted(folder.iterdir()) if folder.is_dir() else ():
            if entry.relative_to(path).as_posix() not in ours:
                raise SteleError(
                    Code.ALREADY_EXISTS,
                    f'"{entry}" was not made by stele libtensorflow and would be lost when '
                    f'"{path}" is made again; move it, or choose another --prefix',
                )


def _fill(fresh: Path, path: Path, wheel: Wheel, library: Library, *, copy: bool) -> None:
    lib = fresh / "lib"
    (lib / "pkgconfig").mkdir(parents=True)
    if copy:
        shutil.copytree(library.include, fresh / "include")
        for file in (library.cc, library.framework):
            shutil.copy2(file, lib / file.name)
    else:
        (fresh / "include").symlink_to(library.include)
        for file in (library.cc, library.framework):
            (lib / file.name).symlink_to(file)
    for name, target in _lib(library).items():
        if target:
            (lib / name).symlink_to(target)
    (lib / "pkgconfig" / "tensorflow.pc").write_text(_pkg_config(path, wheel))


def _pkg_config(path: Path, wheel: Wheel) -> str:
    # Status, tensor and string helpers live in the framework library: a program
    # needs both. -isystem keeps the warnings of TensorFlow's headers out of builds
    # with -Werror; as one word, for pkgconf leaves a second word's spaces bare.
    return f"""\
prefix={_escape(str(path))}
libdir=${{prefix}}/lib
includedir=${{prefix}}/include

Name: tensorflow
Description: TensorFlow C and C++ library of the wheel {wheel.distribution}
URL: https://www.tensorflow.org
Version: {wheel.version}
Libs: -L${{libdir}} -Wl,-rpath,${{libdir}} -ltensorflow -ltensorflow_framework
Cflags: -isystem${{includedir}}
"""


def _escape(text: str) -> str:
    """Escape a path for a ``.pc`` file, whose flags are parted and quoted as in a shell."""
    return re.sub(r"([^\w/.+@%=~^-])", r"\\\1", text)
