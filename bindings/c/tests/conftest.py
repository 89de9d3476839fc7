"""What `make test` hands over: where things are."""

import pathlib

import pytest


def pytest_addoption(parser):
    parser.addoption("--out", type=pathlib.Path, required=True, help="the folder build/c")


@pytest.fixture(scope="session")
def out(request):
    return request.config.getoption("--out")


@pytest.fixture(scope="session")
def models(out):
    """SavedModels that no zoo wants; `tests/odd_models` of the repository makes them."""
    return out.parent / "odd-models"
