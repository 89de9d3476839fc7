from __future__ import annotations

import itertools

import numpy as np
import pytest

from stele.bench.statistics import Estimate, difference, estimate, ranks, ratio


@pytest.mark.parametrize(("turns", "left_out"), [(1, 0), (5, 0), (8, 0), (9, 1), (15, 3), (21, 5)])
def test_interval_is_of_order_statistics(turns: int, left_out: int) -> None:
    found = estimate(np.random.default_rng(0).permutation(turns).tolist())
    assert (found.low, found.high) == (left_out, turns - 1 - left_out)
    assert found.value == (turns - 1) / 2


@pytest.mark.parametrize("turns", [9, 15])
def test_interval_holds_the_median_as_often_as_it_says(turns: int) -> None:
    draw = np.random.default_rng(1)
    hits = 0
    for _ in range(4000):
        found = estimate(draw.exponential(size=turns).tolist())
        hits += found.low <= 0.6931 <= found.high
    assert 0.95 < hits / 4000 < 0.99


def test_what_a_round_did_to_both_is_in_neithers_favour() -> None:
    theirs = [1.0, 5.0, 2.0, 40.0, 3.0, 7.0]
    assert ratio([3 * t for t in theirs], theirs) == Estimate(3, 3, 3)
    assert difference([t + 2 for t in theirs], theirs) == Estimate(2, 2, 2)


def test_the_luck_of_a_process_is_in_the_interval() -> None:
    # Each process is as steady as can be, and another one is something else.
    rounds = [7.0] * 50 + [9.0] * 50 + [8.0] * 50
    assert estimate(rounds, processes=3) == Estimate(8, 7, 9)
    assert estimate(rounds[:50]) == Estimate(7, 7, 7)
    assert ratio([2 * r for r in rounds], [8.0] * 150, processes=3) == Estimate(2, 1.75, 2.25)
    assert difference(rounds, [8.0] * 150, processes=3) == Estimate(0, -1, 1)


def test_interval_holds_what_processes_have_as_often_as_it_says() -> None:
    draw, processes, each = np.random.default_rng(2), 6, 9
    hits = 0
    for _ in range(2000):
        luck = np.repeat(draw.normal(size=processes), each)
        found = estimate((luck + draw.normal(size=luck.size)).tolist(), processes)
        hits += found.low <= 0 <= found.high
    assert hits > 0.95 * 2000


def test_no_order_where_intervals_overlap() -> None:
    fast, near, slow = Estimate(1, 0.9, 1.2), Estimate(1.3, 1.1, 1.4), Estimate(3, 2, 4)
    for order in itertools.permutations([(fast, 1), (near, 1), (slow, 3)]):
        estimates, expected = zip(*order, strict=True)
        assert ranks(estimates) == list(expected)
