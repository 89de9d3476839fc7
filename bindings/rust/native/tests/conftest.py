"""Where the models of the tests are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from stele_native import Model

BUILD = Path(os.environ.get("BUILD", Path(__file__).parents[4] / "build")).resolve()
ZOO = Path(os.environ.get("STELE_MODELS", BUILD / "models"))
OWN = Path(os.environ.get("STELE_ODD_MODELS", BUILD / "odd-models"))


@pytest.fixture(scope="session")
def digits_dir() -> Path:
    """The zoo's handwritten digits: ``image`` FP32 [?,8,8,1] to ``probabilities``."""
    return ZOO / "digits" / "saved_model"


@pytest.fixture(scope="session")
def digits(digits_dir: Path) -> Model:
    """The same, loaded."""
    return Model(digits_dir, profile="inline")


@pytest.fixture(scope="session")
def dtypes() -> Model:
    """The zoo's torture of dtypes and ranks."""
    return Model(ZOO / "dtypes" / "saved_model")


@pytest.fixture
def state() -> Model:
    """Signatures that share and keep memory; loaded anew, for it has a state."""
    return Model(OWN / "state")


@pytest.fixture(scope="session")
def own() -> Path:
    """The folder of the SavedModels that no zoo wants."""
    return OWN


@pytest.fixture(scope="session")
def wheel() -> Path:
    """The wheel that `make wheel` built."""
    (file,) = (BUILD / "rust" / "wheels").glob("*.whl")
    return file
