"""Where a test finds odd SavedModels."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from stele import paths


def folder_of(name: str = "shared") -> Path:
    """Return the folder of a set, made unless it is there; no test writes into it.

    In another process, so that TensorFlow stays out of this one: the code under test must
    not need it.
    """
    suffix = "" if name == "shared" else f"-{name}"
    folder = paths.build_dir() / f"odd-models{suffix}"
    root = Path(__file__).parent.parent.parent
    command = [sys.executable, "-m", "tests.odd_models", str(folder), name]
    subprocess.run(command, cwd=root, check=True, timeout=600)
    return folder
