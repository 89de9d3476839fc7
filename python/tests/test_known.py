"""Distances that are listed: what they allow, and when they have to go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stele.parity import known
from stele.parity.known import Deviation, Distance
from stele.parity.record import Outcome, Result

ABOUT = {"model": "digits", "case": "*", "reason": "r", "link": "l"}


@pytest.fixture
def listed(tmp_path):
    (tmp_path / "js").mkdir()
    entry = "\n".join(f'{key} = "{value}"' for key, value in ABOUT.items())
    (tmp_path / "js" / "known.toml").write_text(
        f'[[distance]]\nbinding = "web"\nulp = 100\nabsolute = 1e-5\n{entry}\n'
        f'[[deviation]]\nbinding = "other"\n{entry}\n'
    )
    return known.load(tmp_path)


def cell(outcome=Outcome.PASS, binding="web", **tensor):
    compared = {"name": "y", "problem": "", "dtype": "FP32", "identical": False, "absolute": 1.0}
    compared |= tensor
    return Result("digits", binding, "one", "serving_default", outcome, tensors=(compared,))


def test_both_kinds_are_read(listed):
    assert [type(entry) for entry in listed] == [Deviation, Distance]


@pytest.mark.parametrize(
    ("ulp", "problem", "binding", "outcome"),
    [
        (8, "", "web", Outcome.PASS),
        (9, "", "web", Outcome.PASS),
        (100, "2 of 4500 elements differ", "web", Outcome.PASS),
        (101, "", "web", Outcome.MISMATCH),
        (8, "", "other", Outcome.PASS),
        (9, "", "other", Outcome.MISMATCH),
    ],
)
def test_more_than_the_tolerance_has_to_be_listed(listed, ulp, problem, binding, outcome):
    before = Outcome.MISMATCH if problem else Outcome.PASS
    result = known.weigh(cell(before, binding, ulp=ulp, problem=problem), listed)
    assert result.outcome is outcome
    if outcome is Outcome.MISMATCH:
        assert f"{ulp} ULP" in result.detail


@pytest.mark.parametrize(
    ("absolute", "outcome"),
    [(1e-5, Outcome.PASS), (1.1e-5, Outcome.MISMATCH), (float("inf"), Outcome.MISMATCH)],
)
def test_next_to_zero_many_ulp_are_little(listed, absolute, outcome):
    off = cell(Outcome.MISMATCH, ulp=2**20, absolute=absolute, problem="1 of 4 elements differ")
    assert known.weigh(off, listed).outcome is outcome


def test_what_is_no_distance_is_not_weighed(listed):
    for wrong in (
        cell(Outcome.MISMATCH, problem="NaN against a number"),
        cell(Outcome.MISMATCH, problem="shape [2], expected [1]"),
        cell(Outcome.CRASH),
        cell(identical=True, ulp=0),
    ):
        assert known.weigh(wrong, listed) is wrong


def test_a_distance_covers_no_deviation(listed):
    red = cell(Outcome.MISMATCH, problem="shape [2], expected [1]")
    assert known.apply(red, listed).red
    assert not known.apply(cell(Outcome.MISMATCH, "other"), listed).red


def test_a_distance_that_nothing_needs_is_outgrown(listed):
    _, distance = listed
    assert known.outgrown([cell(ulp=8), cell(ulp=3)], listed) == [distance]
    assert known.outgrown([cell(ulp=8), cell(ulp=9)], listed) == []
    # Cells without a distance say nothing about it.
    assert known.outgrown([cell(identical=True, ulp=0)], listed) == []


def test_what_depends_on_the_cpu_is_no_ratchet(listed):
    near = [cell(ulp=3), cell(binding="other", identical=True, ulp=0)]
    assert known.outgrown(near, listed) == listed
    assert known.outgrown(near, [replace(entry, sometimes=True) for entry in listed]) == []
