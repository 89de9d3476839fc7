"""Finds the installed TensorFlow, its C library and its headers, without importing it.

Importing TensorFlow to ask where it is takes seconds; this takes milliseconds, and
can look into the environment of another interpreter.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from stele.contract.codes import Code, SteleError, from_os_error

# The names inside a wheel, or a jar: the library with the C API, the framework that it
# needs, and the suffix that a linker looks for.
LIBRARIES = (
    ("libtensorflow_cc.so.2", "libtensorflow_framework.so.2", ".so"),  # Linux
    ("libtensorflow_cc.2.dylib", "libtensorflow_framework.2.dylib", ".dylib"),  # macOS
)

_INSTALL = "pip install tensorflow-cpu"
if sys.platform != "linux" or os.uname().machine != "x86_64":
    # tensorflow-cpu exists for x86-64 Linux alone; elsewhere this is the CPU wheel.
    _INSTALL = "pip install tensorflow"


@dataclass(frozen=True)
class Wheel:
    """An installed TensorFlow.

    Attributes:
        distribution: What pip calls it, such as ``tensorflow-cpu``.
        version: From its metadata.
        folder: The package ``tensorflow`` in site-packages.
        python: The interpreter that would import it.
    """

    distribution: str
    version: str
    folder: Path
    python: str


@dataclass(frozen=True)
class Library:
    """The files of a wheel that make a prefix.

    Attributes:
        include: The folder of all headers.
        cc: The library with the C and C++ API.
        framework: The library that it needs, and that a program needs too.
        suffix: What a linker looks for behind ``-ltensorflow``.
    """

    include: Path
    cc: Path
    framework: Path
    suffix: str

    @property
    def nbytes(self) -> int:
        """Bytes of both libraries."""
        return self.cc.stat().st_size + self.framework.stat().st_size


def _locate() -> dict[str, str]:
    """Find TensorFlow in the running interpreter.

    The source of this function is also run by other interpreters, old ones
    included: it uses nothing outside of itself.
    """
    import importlib.metadata
    import importlib.util
    import os
    import sys

    place = {"python": sys.executable}
    spec = importlib.util.find_spec("tensorflow")
    # Any folder of that name passes for a namespace package; that has no origin.
    if spec is None or spec.origin is None:
        return place
    place["folder"] = os.path.dirname(spec.origin)  # noqa: PTH120
    for name in (
        "tensorflow-cpu",
        "tensorflow",
        "tensorflow-macos",
        "tensorflow-rocm",
        "tf-nightly-cpu",
        "tf-nightly",
    ):
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        # Both may be installed, in one folder: whoever came last has the files.
        for line in (distribution.read_text("RECORD") or "").splitlines():
            path, _, rest = line.partition(",")
            if path.startswith("tensorflow/libtensorflow_cc."):
                file = os.path.join(place["folder"], path.split("/")[1])  # noqa: PTH118
                size = rest.rpartition(",")[2]
                if os.path.exists(file) and str(os.stat(file).st_size) == size:  # noqa: PTH110, PTH116
                    return dict(place, distribution=name, version=distribution.version)
        place.setdefault("distribution", name)
        place.setdefault("version", distribution.version)
    return place


def find_wheel(python: str | None = None) -> Wheel:
    """Find the installed TensorFlow without importing it.

    Args:
        python: Another environment's interpreter; None for the running one.

    Raises:
        SteleError: NOT_FOUND when there is none, saying what to install.
    """
    place = _locate() if python is None else _locate_in(python)
    if "folder" not in place or "version" not in place:
        raise SteleError(
            Code.NOT_FOUND,
            f"TensorFlow is not installed for {place['python']}; "
            f"install it with: {place['python']} -m {_INSTALL}",
        )
    return Wheel(
        place["distribution"], place["version"], Path(place["folder"]).resolve(), place["python"]
    )


def _locate_in(python: str) -> dict[str, str]:
    import inspect

    program = (
        "from __future__ import annotations\n"
        # Python puts the current folder first; a folder "tensorflow" there is not ours.
        "import json, sys\nsys.path.pop(0)\n"
        f"{inspect.getsource(_locate)}\nprint(json.dumps(_locate()))"
    )
    try:
        done = subprocess.run(
            [python, "-c", program], capture_output=True, text=True, check=False, timeout=60
        )
    except OSError as error:
        raise from_os_error(error) from error
    except subprocess.TimeoutExpired as error:
        raise SteleError(Code.DEADLINE_EXCEEDED, f'"{python}" did not answer in 60 s') from error
    try:
        place: dict[str, str] = json.loads(done.stdout)
    except ValueError as error:
        reason = (done.stderr.strip() or "no output").splitlines()[-1]
        raise SteleError(
            Code.FAILED_PRECONDITION, f'"{python}" is not a Python 3.8 or later: {reason}'
        ) from error
    return place


def find_library(wheel: Wheel) -> Library:
    """Find the libraries and the headers inside a wheel.

    Raises:
        SteleError: NOT_FOUND when the wheel has none.
    """
    include = wheel.folder / "include"
    for cc, framework, suffix in LIBRARIES:
        library = Library(include, wheel.folder / cc, wheel.folder / framework, suffix)
        header = include / "tensorflow" / "c" / "c_api.h"
        if library.cc.is_file() and library.framework.is_file() and header.is_file():
            return library
    raise SteleError(
        Code.NOT_FOUND,
        f'{wheel.distribution} {wheel.version} in "{wheel.folder}" has no C library with headers; '
        f"the wheels for Linux and macOS have one since 2.16: {wheel.python} -m {_INSTALL}",
    )
