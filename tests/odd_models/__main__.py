"""Makes the odd SavedModels that the tests of all languages read.

    python -m tests.odd_models FOLDER

Nothing is done when FOLDER holds what these sources make. Each function of the
modules here saves one model, into the folder that it is given.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from stele.staging import locked, staged

Save = Callable[[Path], None]


def _makers() -> dict[str, Save]:
    """Return what to make, by name; TensorFlow is imported for it."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    from tests.odd_models import damaged, functions, sessions

    makers = functions.MODELS | sessions.MODELS
    # Of copies of the models before them.
    return makers | damaged.MODELS


def _sources() -> bytes:
    files = sorted(Path(__file__).parent.glob("*.py"))
    return b"".join(file.read_bytes() for file in files)


def make(folder: Path) -> None:
    """Make all models below ``folder``, unless they are there."""
    sources = _sources()
    with locked(folder):
        stamp = folder / ".made"
        if stamp.exists() and stamp.read_bytes() == sources:
            return
        with staged(folder) as fresh:
            for name, save in _makers().items():
                save(fresh / name)
            (fresh / ".made").write_bytes(sources)


if __name__ == "__main__":
    make(Path(sys.argv[1]).absolute())
