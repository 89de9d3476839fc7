"""The C libraries of other TensorFlows, from their wheels, in build/tensorflows/VERSION.

The two libraries are taken out of a wheel and nothing else of it: no Python imports
them, so that it need not be one that the wheel is for. Each is fetched once.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from stele import paths
from stele.contract.codes import Code, SteleError
from stele.libtensorflow.wheel import find_wheel
from stele.staging import locked, staged

# These wheels exist for no other.
HERE = sys.platform == "linux" and os.uname().machine == "x86_64"

_VERSION = re.compile(r"\d+\.\d+(\.\d+)?")
_FILE = re.compile(r"tensorflow_cpu-(\d+\.\d+\.\d+)-")


@dataclass(frozen=True)
class Libraries:
    """The C libraries of one TensorFlow.

    Attributes:
        version: All of it, such as ``2.18.1``.
        folder: What STELE_LIBTENSORFLOW is set to.
    """

    version: str
    folder: Path


def installed() -> Libraries:
    """Return those of the wheel in this environment.

    Raises:
        SteleError: NOT_FOUND when there is none.
    """
    wheel = find_wheel()
    return Libraries(wheel.version, wheel.folder)


def find(version: str) -> Libraries:
    """Return those of a version; fetch them if they are not here.

    Args:
        version: ``2.18.1``, or ``2.18`` for the newest of it.

    Raises:
        SteleError: INVALID_ARGUMENT for what is no version; NOT_FOUND for one that pip does
            not get, with its words; UNIMPLEMENTED where no such wheel is for this machine.
    """
    if _VERSION.fullmatch(version) is None:
        raise SteleError(Code.INVALID_ARGUMENT, f'"{version}" is no version such as 2.18 or 2.18.1')
    here = [installed(), *_fetched()]
    fitting = [one for one in here if f"{one.version}.".startswith(f"{version}.")]
    if fitting:
        return max(fitting, key=lambda one: [int(part) for part in one.version.split(".")])
    exact = version.count(".") == 2
    return fetch(f"tensorflow-cpu=={version}" if exact else f"tensorflow-cpu=={version}.*")


def _root() -> Path:
    return paths.build_dir() / "tensorflows"


def _fetched() -> list[Libraries]:
    return [Libraries(one.name, one) for one in _root().glob("[0-9]*") if one.is_dir()]


def fetch(requirement: str) -> Libraries:
    """Fetch the libraries of a wheel, whatever is here.

    Args:
        requirement: As pip takes it, with a hash if it is pinned.

    Raises:
        SteleError: As `find`.
    """
    if not HERE:
        raise SteleError(Code.UNIMPLEMENTED, "tensorflow-cpu exists for x86-64 Linux alone")
    with tempfile.TemporaryDirectory() as download:
        wheel = _download(requirement, Path(download))
        (version,) = _FILE.findall(wheel.name)
        folder = _root() / version
        with locked(folder), staged(folder) as fresh:
            _unpack(wheel, fresh)
    return Libraries(version, folder)


def _download(requirement: str, into: Path) -> Path:
    (into / "requirements.txt").write_text(requirement)
    wheels = ["--only-binary=:all:", "--python-version=3.11", "--platform=manylinux_2_17_x86_64"]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
         "--no-deps", *wheels, "-r", "requirements.txt"],
        cwd=into, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        words = done.stderr.strip().splitlines() or ["pip failed"]
        raise SteleError(Code.NOT_FOUND, f"{requirement.split(maxsplit=1)[0]}: {words[-1]}")
    (wheel,) = into.glob("*.whl")
    return wheel


def _unpack(wheel: Path, into: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            if entry.filename.startswith("tensorflow/libtensorflow"):
                entry.filename = Path(entry.filename).name
                archive.extract(entry, into)
    if not (into / "libtensorflow_cc.so.2").is_file():
        raise SteleError(
            Code.NOT_FOUND, f"{wheel.name} has no C library; the wheels have one since 2.16"
        )
