"""One worker of each binding for all tests here: what one refuses, the next must not suffer from.

pytest tests/conformance -k rust
pytest tests/conformance -k c --worker c=build/c/worker-asan
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from stele.parity.binding import Binding
from tests.conformance.player import Player
from tests.conftest import claimed, needing_tools
from tests.odd_models.folders import folder_of


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--worker",
        action="append",
        default=[],
        metavar="ID=PROGRAM",
        help="only this binding, with this worker, such as one with sanitizers",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "worker" in metafunc.fixturenames or "binding" in metafunc.fixturenames:
        given = metafunc.config.getoption("worker", default=[])
        chosen = dict(text.split("=", 1) for text in given)
        bindings = [
            dataclasses.replace(claimed()[name], run=(str(Path(program).absolute()),))
            for name, program in chosen.items()
        ] or list(claimed().values())
        metafunc.parametrize("binding", bindings, ids=lambda b: b.id, scope="session")


@pytest.fixture(scope="session")
def session_worker(binding: Binding, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Player]:
    player = Player(binding, folder_of(), tmp_path_factory.mktemp(binding.id))
    with needing_tools():
        player.start()
    yield player
    # Sanitizers speak on the way out: its exit status counts.
    player.close()


@pytest.fixture
def worker(session_worker: Player) -> Iterator[Player]:
    """The worker, which must still answer when the test is over."""
    yield session_worker
    session_worker.ok("hello", "1")
