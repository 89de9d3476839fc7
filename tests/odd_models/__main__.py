"""Makes one set of the odd SavedModels that tests read.

    python -m tests.odd_models FOLDER [SET]

A set is a module here with a function ``make``, which writes its models below the folder
that it is given; ``shared`` is the one that the tests of all languages read. Nothing is
done when FOLDER holds what these sources and this TensorFlow make.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

from stele.libtensorflow.wheel import find_wheel
from stele.staging import locked, staged


def _sources() -> bytes:
    files = sorted(Path(__file__).parent.glob("*.py"))
    return b"".join([find_wheel().version.encode(), *(file.read_bytes() for file in files)])


def make(folder: Path, name: str = "shared") -> None:
    """Make all models of a set below ``folder``, unless they are there."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    sources = _sources()
    with locked(folder):
        stamp = folder / ".made"
        if stamp.exists() and stamp.read_bytes() == sources:
            return
        with staged(folder) as fresh:
            # TensorFlow is imported for it.
            importlib.import_module(f"tests.odd_models.{name}").make(fresh)
            (fresh / ".made").write_bytes(sources)


if __name__ == "__main__":
    make(Path(sys.argv[1]).absolute(), *sys.argv[2:])
