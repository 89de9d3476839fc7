"""The digits example prints the same lines in every language."""

from __future__ import annotations

import re

import pytest

from stele.parity.binding import Binding, SetupError
from tests.conftest import STRICT
from tests.examples import output, with_example

BINDINGS = [binding for binding in with_example() if not binding.comparator]

EXPECTED = re.compile(
    r"signature serving_default\n"
    r"input image FP32 \[\?,8,8,1\]\n"
    r"output probabilities FP32 \[\?,10\]\n"
    r"digit 0\n"
    r"probabilities( [01]\.\d{6}){10}\n"
)


@pytest.fixture(scope="module")
def python_prints() -> str:
    printed = output(next(b for b in BINDINGS if b.id == "python-tf"))
    assert EXPECTED.fullmatch(printed)
    return printed


@pytest.mark.parametrize("binding", BINDINGS, ids=lambda binding: binding.id)
def test_example_prints_the_same_lines(binding: Binding, python_prints: str) -> None:
    try:
        assert output(binding) == python_prints
    except SetupError as error:
        if STRICT:
            raise
        pytest.skip(f"setup: {error}")
