"""Builds of the checkout, one at a time."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stele.building import build
from stele.contract.codes import Code, SteleError


@pytest.fixture(autouse=True)
def build_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STELE_BUILD", str(tmp_path / "build"))


def test_a_build_that_fails_shows_the_end_of_what_it_wrote() -> None:
    with pytest.raises(SteleError) as caught:
        build(["sh", "-c", "seq 100; echo broken >&2; exit 2"])
    assert caught.value.code is Code.FAILED_PRECONDITION
    assert caught.value.message.startswith("build failed (sh -c ")
    assert caught.value.message.endswith("\n99\n100\nbroken")
    assert "\n80\n" not in caught.value.message


def test_two_are_not_made_at_once(tmp_path: Path) -> None:
    alone = ["sh", "-c", f"mkdir {tmp_path}/one && sleep 0.2 && rmdir {tmp_path}/one"]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(build, [alone] * 3))


def test_a_build_may_run_another() -> None:
    inner = "from stele.building import build; build(['true'])"
    build(["timeout", "60", sys.executable, "-c", inner])
