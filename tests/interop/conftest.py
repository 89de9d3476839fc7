"""Other people's servers and clients, and the scores that become docs/interop.md."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from stele.parity.binding import Binding
from stele.remote import launch
from tests.interop.agreement import OUT, Score
from tests.interop.environments import ENVIRONMENTS, Environment


def require(name: str) -> Environment:
    """Return an environment with today's stele_native; skip if nobody has made it."""
    environment = ENVIRONMENTS[name]
    if not environment.installed:
        pytest.skip(f"build/envs/{name} is not made, or not up to date; make interop makes it")
    environment.make()
    return environment


@contextmanager
def started(*command: str, log: str) -> Iterator[str]:
    """Run a server, its log in build/interop, and yield its address."""
    environment = Binding.environment()
    variables = [f"{name}={value}" for name, value in environment.items()]
    OUT.mkdir(parents=True, exist_ok=True)
    with (OUT / f"{log}.log").open("wb") as stderr:
        server = launch.start(["env", *variables, *command], stderr=stderr)
    try:
        yield server.address
    finally:
        os.close(server.lifeline)
        try:
            server.process.wait(timeout=60)
        finally:
            server.process.kill()
            server.process.wait()


@pytest.fixture(scope="session")
def scored() -> Iterator[Callable[[str, str, str], Score]]:
    """Make a score that is written to build/interop/scores.json when all tests are done."""
    scores: list[Score] = []

    def make(server: str, client: str, model: str) -> Score:
        scores.append(Score(server, client, model))
        return scores[-1]

    yield make
    OUT.mkdir(parents=True, exist_ok=True)
    text = json.dumps([score.record() for score in scores], indent=1)
    (OUT / "scores.json").write_text(text + "\n")
