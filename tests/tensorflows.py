"""Fetches the C libraries of older TensorFlows into build/tensorflows/VERSION.

    python -m tests.tensorflows

The two libraries are taken out of the wheel, and nothing else of it: no Python imports
these, so that it need not be one that the wheel is for. They are fetched once.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from stele import paths
from stele.staging import locked, staged

_PINS = Path(__file__).with_suffix(".txt")
_PIN = re.compile(r"^tensorflow-cpu==(\S+) --hash=\S+$", re.MULTILINE)

# Version to its line.
PINS = {match[1]: match[0] for match in _PIN.finditer(_PINS.read_text())}

# These wheels exist for no other.
HERE = sys.platform == "linux" and os.uname().machine == "x86_64"


def folder(version: str) -> Path:
    """Return where the libraries of a version are, once they are fetched."""
    return paths.build_dir() / "tensorflows" / version


def fetch(version: str) -> None:
    """Fetch the libraries of a version, if they are not there.

    Raises:
        subprocess.CalledProcessError: pip does not get the wheel.
    """
    with locked(folder(version)):
        if folder(version).is_dir():
            return
        print(f"fetching TensorFlow {version} into {folder(version)}", flush=True)
        with staged(folder(version)) as fresh, tempfile.TemporaryDirectory() as download:
            _unpack(_download(version, Path(download)), fresh)


def _download(version: str, into: Path) -> Path:
    requirements = into / "requirements.txt"
    requirements.write_text(PINS[version])
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    wheels = ["--only-binary=:all:", "--python-version=3.11", "--platform=manylinux_2_17_x86_64"]
    subprocess.run(
        [sys.executable, "-m", "pip", "download", *options, *wheels, "-r", requirements],
        cwd=into,
        check=True,
    )
    (wheel,) = into.glob("*.whl")
    return wheel


def _unpack(wheel: Path, into: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            if entry.filename.startswith("tensorflow/libtensorflow"):
                entry.filename = Path(entry.filename).name
                archive.extract(entry, into)


def main() -> int:
    """Fetch all."""
    if not HERE:
        print("tensorflow-cpu exists for x86-64 Linux alone", file=sys.stderr)
        return 0
    for version in PINS:
        fetch(version)
    return 0


if __name__ == "__main__":
    sys.exit(main())
