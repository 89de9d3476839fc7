"""What needs Ray. Skipped unless build/envs/ray is there: `python -m tests.ray.environment`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.ray import loopback
from tests.ray.environment import RAY

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", autouse=True)
def _possible() -> None:
    if not RAY.installed:
        pytest.skip("no environment with Ray; run: python -m tests.ray.environment")
    if why := loopback.problem():
        pytest.skip(f"no network namespace can be made here: {why}")


def run(*words: str) -> str:
    """Run a script; return what it prints, if it ended well."""
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=ROOT, capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_answers_are_those_of_a_server_without_ray():
    assert " 0 answers differ" in run("tests.ray.same_answers")


def test_no_call_fails_when_a_replica_is_killed():
    assert run("tests.ray.kill_replica", "--calls", "1000").count("killed replica") == 2
