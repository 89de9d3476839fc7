"""What `make test` hands over: where things are."""

import os
import pathlib
import sys

import pytest

sys.path.insert(0, os.fspath(pathlib.Path(__file__).parent))

from conversation import Bundles, Worker


def pytest_addoption(parser):
    parser.addoption("--out", type=pathlib.Path, required=True, help="the folder build/c")


@pytest.fixture(scope="session")
def out(request):
    return request.config.getoption("--out")


@pytest.fixture(scope="session")
def models(out):
    return out / "models"


@pytest.fixture(scope="session")
def start(out, models):
    """Start the worker that the sanitizers watch."""
    return lambda: Worker(out / "worker-asan", models)


@pytest.fixture(scope="session")
def session_worker(start):
    """One process for all tests: what one refuses, the next must not suffer from."""
    worker = start()
    yield worker
    assert worker.end() == 0  # LeakSanitizer speaks on the way out


@pytest.fixture
def worker(session_worker):
    """The worker, which must still answer when the test is over."""
    yield session_worker
    session_worker.ok("hello", 1)


@pytest.fixture
def bundles(tmp_path):
    return Bundles(tmp_path)
