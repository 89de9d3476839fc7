"""The zoo as it is on disk: trained once, by whoever needs it first."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from stele import paths
from stele.zoo import train

# Before anything imports TensorFlow.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

Trained = Callable[[str], Path]


@pytest.fixture(scope="session")
def trained() -> Trained:
    """Return the folder of a model, trained unless it is current."""
    return lambda name: train.ensure(name, paths.models_dir())
