"""Fixtures of the package's tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Made:
    """SavedModels by name, below a folder, and what TensorFlow says about them."""

    folder: Path
    expected: dict[str, Any]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """SavedModels of TensorFlow 1 and 2; see make_models.py."""
    folder = tmp_path_factory.mktemp("models")
    subprocess.run(
        [sys.executable, Path(__file__).with_name("make_models.py"), folder],
        check=True,
        env=dict(os.environ, TF_CPP_MIN_LOG_LEVEL="3"),
    )
    return Made(folder, json.loads((folder / "expected.json").read_text()))
