"""Every binding holds the golden conversations, and has the verbs of its level.

The cases of levels 2 to 4 are those of test_parity.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from rich.console import Console

from stele import cli, paths
from stele.parity import level
from stele.parity.binding import Binding, SetupError
from stele.parity.level import Ladder
from tests.conftest import STRICT, claimed
from tests.test_harness import fake

EACH_BINDING = pytest.mark.parametrize("binding", claimed().values(), ids=lambda b: b.id)


def expect_nothing(problems: Iterator[str]) -> None:
    try:
        assert list(problems) == []
    except SetupError as error:
        if STRICT:
            raise
        pytest.skip(f"setup: {error}")


@EACH_BINDING
@pytest.mark.parametrize("number", [1, 2, 4, 5])
def test_golden_transcripts(binding: Binding, number: int) -> None:
    assert binding.level >= number
    expect_nothing(Ladder(binding).transcripts(number))


@EACH_BINDING
def test_describe_and_bench(binding: Binding) -> None:
    expect_nothing(Ladder(binding).describe_and_bench())


def test_the_ladder_ends_at_the_first_level_not_reached(capsys) -> None:
    assert level.climb(fake("always-unknown"), level.HIGHEST, Console()) == 1
    printed = capsys.readouterr().out
    assert "level 1 ok" in printed
    assert "level 2 not reached" in printed
    assert "level 3" not in printed


def test_new_binding_reaches_level_1(capsys) -> None:
    folder = paths.bindings_dir() / "test-scaffold"
    try:
        assert cli.main(["new-binding", "test-scaffold"]) == 0
        assert cli.main(["check", "--binding", "test-scaffold", "--level", "1"]) == 0
        assert cli.main(["new-binding", "test-scaffold"]) == 3
        assert "ALREADY_EXISTS" in capsys.readouterr().err
        assert cli.main(["check", "--binding", "test-scaffold", "--level", "2"]) == 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
