"""Builds of the checkout, one at a time in a folder."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from stele.building import build
from stele.contract.codes import Code, SteleError
from stele.parity import ahead
from stele.parity.binding import Binding


@pytest.fixture(autouse=True)
def build_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STELE_BUILD", str(tmp_path / "build"))


def test_a_build_that_fails_shows_the_end_of_what_it_wrote() -> None:
    with pytest.raises(SteleError) as caught:
        build(Path("x"), ["sh", "-c", "seq 100; echo broken >&2; exit 2"])
    assert caught.value.code is Code.FAILED_PRECONDITION
    assert caught.value.message.startswith("build failed (sh -c ")
    assert caught.value.message.endswith("\n99\n100\nbroken")
    assert "\n80\n" not in caught.value.message


def test_two_are_not_made_at_once(tmp_path: Path) -> None:
    alone = ["sh", "-c", f"mkdir {tmp_path}/one && sleep 0.2 && rmdir {tmp_path}/one"]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(build, [tmp_path] * 3, [alone] * 3))


def test_two_folders_are_built_beside_each_other(tmp_path: Path) -> None:
    both = "touch {0}; until [ -e {1} ]; do sleep 0.02; done"
    one, other = tmp_path / "one", tmp_path / "other"
    builds = []
    with ThreadPoolExecutor(2) as pool:
        for made, awaited in ((one, other), (other, one)):
            command = ["timeout", "60", "sh", "-c", both.format(made, awaited)]
            builds.append(pool.submit(build, made, command))
    for done in builds:
        done.result()


@pytest.mark.parametrize("inner", ["one", "other"])
def test_a_build_may_run_another(inner: str) -> None:
    program = (
        "from pathlib import Path; from stele.building import build; "
        f"build(Path({inner!r}), ['true'])"
    )
    build(Path("one"), ["timeout", "60", sys.executable, "-c", program])


def test_what_runs_in_process_is_built_ahead(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def binding(name: str, script: str, *, near: bool = True, **more: Any) -> Binding:
        build = ("sh", "-c", f"cd {tmp_path}; {script}")
        folder = tmp_path / name
        return Binding(name, folder, "", "", 1, ("true",), build, in_process=near, **more)

    base = binding("base", "touch base")
    above = binding("above", "mv base above", before=((base.folder, base.build),))
    broken = binding("broken", "echo no such header; exit 1")
    far = binding("far", "touch far", near=False)
    long = binding("long", "touch long; [ ! -e base ]", long_build=True)
    monkeypatch.setattr(ahead, "select", lambda _names: [above, broken, far, long])
    monkeypatch.setattr(ahead, "_FOLDERS", 1)
    assert ahead.main() == 0
    assert {file.name for file in tmp_path.iterdir()} == {"above", "build", "long"}
    first, second, third = capsys.readouterr().out.splitlines()
    assert first.startswith("  long: built, ")
    assert second.startswith("  above: built, ")
    assert third.startswith("  broken: build failed ")
    assert third.endswith("no such header")
