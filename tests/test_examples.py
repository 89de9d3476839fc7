"""The digits example prints the same lines in every language."""

from __future__ import annotations

import re

import pytest

from stele import paths
from stele.parity.binding import Binding
from tests.conftest import needing_tools
from tests.examples import output, with_example

BINDINGS = [binding for binding in with_example() if not binding.comparator]

LINES = (paths.bindings_dir() / "contract" / "digits.txt").read_text()
EXPECTED = re.escape(LINES).replace(re.escape("{10 numbers}"), r"( [01]\.\d{6}){10}")


@pytest.fixture(scope="module")
def python_prints() -> str:
    printed = output(next(b for b in BINDINGS if b.id == "python-tf"))
    assert re.fullmatch(EXPECTED, printed)
    return printed


@pytest.mark.parametrize("binding", BINDINGS, ids=lambda binding: binding.id)
def test_example_prints_the_same_lines(binding: Binding, python_prints: str) -> None:
    with needing_tools():
        assert output(binding) == python_prints
