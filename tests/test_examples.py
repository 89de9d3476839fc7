"""The digits example prints the same lines in every language."""

from __future__ import annotations

import re

import pytest

from stele import paths
from stele.parity.binding import Binding
from tests.conftest import needing_tools
from tests.examples import NUMBER, output, same_lines, with_example

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
        printed = output(binding)
    assert same_lines(binding, printed, python_prints), printed


def test_lines_of_another_runtime_are_held_within_the_tolerance(python_prints: str) -> None:
    other = next(binding for binding in BINDINGS if not binding.in_process)
    same = next(binding for binding in BINDINGS if binding.in_process)
    number = NUMBER.search(python_prints)
    assert number

    def moved(by: float) -> str:
        start, end = number.span()
        return f"{python_prints[:start]}{float(number[0]) + by:.6f}{python_prints[end:]}"

    assert same_lines(other, moved(1e-6), python_prints)
    assert not same_lines(other, moved(4e-6), python_prints)
    assert not same_lines(other, python_prints.replace("digit", "class"), python_prints)
    assert not same_lines(same, moved(1e-6), python_prints)
