"""Fixtures of the package's tests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.odd_models.folders import folder_of

# What an example takes is the machine's affair: others may have the cores.
settings.register_profile("stele", deadline=None)
settings.load_profile("stele")


@dataclass(frozen=True)
class Made:
    """SavedModels by name, below a folder, and what TensorFlow says about them."""

    folder: Path
    expected: dict[str, Any]


@pytest.fixture(scope="session")
def made() -> Made:
    """SavedModels of TensorFlow 1 and 2."""
    folder = folder_of("described")
    return Made(folder, json.loads((folder / "expected.json").read_text()))
