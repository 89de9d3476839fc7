"""A server of stele with models of the zoo."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from stele import paths
from stele.remote import Connection, launch


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of ``stele serve`` with the zoo's digits and dtypes."""
    started = launch.start(launch.SERVE)
    try:
        with Connection(started.address) as connection:
            for name in ("digits", "dtypes"):
                connection.load(name, paths.models_dir() / name / "saved_model")
        yield started.address
    finally:
        os.close(started.lifeline)
        started.process.wait(timeout=60)
