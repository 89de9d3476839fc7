"""The installed wheel's C and C++ library, or that of a jar, as a standard prefix.

The wheels ``tensorflow`` and ``tensorflow-cpu`` carry, since 2.16, the whole C
library and all headers, under names and in a folder that no build system looks
for. This lays ``include/``, ``lib/`` and ``lib/pkgconfig/tensorflow.pc`` around
them, so that in any project

    eval "$(stele libtensorflow)"
    cc program.c $(pkg-config --cflags --libs tensorflow)
    c++ -std=c++17 program.cc -Wl,--no-as-needed $(pkg-config --cflags --libs tensorflow)

is all it takes. (C++ reaches parts of the library that register themselves, hence
the flag.) TensorFlow is found and never imported, which would take seconds. A jar
has no headers: what it is laid out for is STELE_LIBTENSORFLOW.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stele import paths
from stele.contract.codes import Code, SteleError, from_os_error
from stele.libtensorflow.jar import Jar, unpack
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
        source: What it was made from.
        nbytes: Bytes of the libraries.
        copied: Whether it holds copies, not links into the wheel.
        change: ``new``, ``renewed`` or ``unchanged``.
    """

    path: Path
    source: Wheel | Jar
    nbytes: int
    copied: bool
    change: str

    @property
    def lib(self) -> Path:
        """The folder of the libraries, which ``STELE_LIBTENSORFLOW`` may name."""
        return self.path / "lib"

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


@dataclass(frozen=True)
class _Content:
    """What goes into a prefix.

    Attributes:
        cc: The name of the library with the C and C++ API.
        framework: The name of the library that it needs.
        suffix: What a linker looks for behind ``-ltensorflow``.
        nbytes: Bytes of both.
        headers: Whether there are any.
        stamp: When this differs, so does what it was made from.
        fill: Writes the libraries, and the headers, into a new prefix.
    """

    cc: str
    framework: str
    suffix: str
    nbytes: int
    headers: bool
    stamp: Mark
    fill: Callable[[Path], None]


def lay_out(path: Path, source: Wheel | Jar, *, copy: bool = False) -> Prefix:
    """Make a prefix, or leave it alone when it is what it should be.

    Args:
        path: The prefix; its parents are made too.
        source: What it is made from.
        copy: Copy the files of a wheel (close to 1 GB), so that it may go away. Those
            of a jar always are.

    Raises:
        SteleError: ALREADY_EXISTS when something is there that this did not make,
            INVALID_ARGUMENT for a path that pkg-config cannot take, NOT_FOUND as
            `find_library`, DATA_LOSS for a jar that is damaged, or the system's code.
    """
    path = usable(path)
    copy = copy or isinstance(source, Jar)
    try:
        content = _of_jar(source) if isinstance(source, Jar) else _of_wheel(source, copy=copy)
        mark = _mark(path, source, content)
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path.parent):
            present = _read_mark(path)
            if present == mark and _is_whole(path, content):
                return Prefix(path, source, content.nbytes, copy, "unchanged")
            _refuse_foreign(path, present, mark)
            with staged(path) as fresh:
                _fill(fresh, path, source, content)
                (fresh / MARK).write_text(json.dumps(mark, indent=2) + "\n")
    except OSError as error:
        raise from_os_error(error) from error
    return Prefix(path, source, content.nbytes, copy, "new" if present is None else "renewed")


def _of_wheel(wheel: Wheel, *, copy: bool) -> _Content:
    library = find_library(wheel)
    files = {file.name: file.stat() for file in (library.cc, library.framework)}
    stamp = {
        "wheel": str(wheel.folder),
        "files": {name: [stat.st_size, stat.st_mtime_ns] for name, stat in files.items()},
        "copy": copy,
    }

    def fill(fresh: Path) -> None:
        _take(library, fresh, copy=copy)

    return _Content(
        library.cc.name,
        library.framework.name,
        library.suffix,
        library.nbytes,
        headers=True,
        stamp=stamp,
        fill=fill,
    )


def _of_jar(jar: Jar) -> _Content:
    stat = jar.path.stat()
    return _Content(
        jar.cc,
        jar.framework,
        jar.suffix,
        jar.nbytes,
        headers=False,
        stamp={"jar": str(jar.path), "file": [stat.st_size, stat.st_mtime_ns]},
        fill=lambda fresh: unpack(jar, fresh / "lib"),
    )


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder itself: no lock file stays in a user's project."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _mark(path: Path, source: Wheel | Jar, content: _Content) -> Mark:
    """Say what a prefix is made from: when this differs, it is made again."""
    headers = ["include"] if content.headers else []
    return {
        **content.stamp,
        # Holds the version and the prefix.
        "pkg_config": _pkg_config(path, source),
        "entries": [*headers, MARK, "lib", *(f"lib/{name}" for name in _lib(content))],
    }


def _lib(content: _Content) -> dict[str, str]:
    """Return the names in ``lib/``, with what the links among them point at."""
    cc, framework, suffix = content.cc, content.framework, content.suffix
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


def _is_whole(path: Path, content: _Content) -> bool:
    header = path / "include" / "tensorflow" / "c" / "c_api.h"
    return (header.is_file() or not content.headers) and all(
        (path / "lib" / name).exists() for name in _lib(content)
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


def _fill(fresh: Path, path: Path, source: Wheel | Jar, content: _Content) -> None:
    lib = fresh / "lib"
    (lib / "pkgconfig").mkdir(parents=True)
    content.fill(fresh)
    for name, target in _lib(content).items():
        if target:
            (lib / name).symlink_to(target)
    (lib / "pkgconfig" / "tensorflow.pc").write_text(_pkg_config(path, source))


def _take(library: Library, fresh: Path, *, copy: bool) -> None:
    """Copy a wheel's files, or link to them."""
    lib = fresh / "lib"
    if copy:
        shutil.copytree(library.include, fresh / "include")
        for file in (library.cc, library.framework):
            shutil.copy2(file, lib / file.name)
    else:
        (fresh / "include").symlink_to(library.include)
        for file in (library.cc, library.framework):
            (lib / file.name).symlink_to(file)


def _pkg_config(path: Path, source: Wheel | Jar) -> str:
    # Status, tensor and string helpers live in the framework library: a program
    # needs both. -isystem keeps the warnings of TensorFlow's headers out of builds
    # with -Werror; as one word, for pkgconf leaves a second word's spaces bare.
    if isinstance(source, Wheel):
        origin, cflags = f"wheel {source.distribution}", "Cflags: -isystem${includedir}\n"
    else:
        origin, cflags = "jar tensorflow-core-native", ""
    return f"""\
prefix={_escape(str(path))}
libdir=${{prefix}}/lib
includedir=${{prefix}}/include

Name: tensorflow
Description: TensorFlow C and C++ library of the {origin}
URL: https://www.tensorflow.org
Version: {source.version}
Libs: -L${{libdir}} -Wl,-rpath,${{libdir}} -ltensorflow -ltensorflow_framework
{cflags}"""


def _escape(text: str) -> str:
    """Escape a path for a ``.pc`` file, whose flags are parted and quoted as in a shell."""
    return re.sub(r"([^\w/.+@%=~^-])", r"\\\1", text)
