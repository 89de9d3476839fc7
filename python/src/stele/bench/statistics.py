"""Medians with an interval, from a few turns that have a distribution of any shape."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A median, and where it lies with a confidence of at least 95 %.

    Of fewer than six values no two have that confidence between them: the interval is
    then from the least to the greatest.
    """

    value: float
    low: float
    high: float

    def surely_below(self, other: Estimate) -> bool:
        """Tell whether the intervals say so: they do not overlap."""
        return self.high < other.low

    def scaled(self, factor: float) -> Estimate:
        """Return it in another unit; the factor is positive."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor)


def estimate(values: Sequence[float], processes: int = 1) -> Estimate:
    """Return the median of at least one value, its interval by order statistics.

    Any distribution has as many values below its median as above: how many of n fall
    below it is binomial, whatever else the values are.

    Values of one process are no more independent than the process itself: where its memory
    came to lie is in all of them. The interval holds that of the processes' medians, too.

    Args:
        values: Process by process, as many of each.
        processes: How many they are from.
    """
    each = len(values) // processes
    medians = [
        statistics.median(values[start : start + each]) for start in range(0, len(values), each)
    ]
    turns, luck = _interval(values), _interval(medians)
    low, high = min(turns[0], luck[0]), max(turns[1], luck[1])
    return Estimate(statistics.median(values), low, high)


def _interval(values: Sequence[float]) -> tuple[float, float]:
    ordered = sorted(values)
    outside = _outside(len(ordered))
    return ordered[outside], ordered[-1 - outside]


def _outside(n: int) -> int:
    """Return how many of n ordered values may be left out at each end."""
    left, tail = 0, 0.0
    while left < n // 2:
        tail += math.comb(n, left) / 2**n
        if 2 * tail > 1 - _CONFIDENCE:
            break
        left += 1
    return max(0, left - 1)


def ratio(mine: Sequence[float], theirs: Sequence[float], processes: int = 1) -> Estimate:
    """Return how many times theirs mine is, round by round; `estimate` has the arguments."""
    return _paired(mine, theirs, processes, lambda a, b: a / b)


def difference(mine: Sequence[float], theirs: Sequence[float], processes: int = 1) -> Estimate:
    """Return how much more than theirs mine is, round by round; `estimate` has the arguments."""
    return _paired(mine, theirs, processes, lambda a, b: a - b)


def _paired(
    mine: Sequence[float],
    theirs: Sequence[float],
    processes: int,
    op: Callable[[float, float], float],
) -> Estimate:
    """What one round did to both is in neither's favour: pair the turns of a round."""
    return estimate([op(a, b) for a, b in zip(mine, theirs, strict=True)], processes)


def ranks(estimates: Sequence[Estimate]) -> list[int]:
    """Return for each how many are surely below it, and one.

    Estimates whose intervals overlap have no order between them: none of the two counts
    against the other.
    """
    return [1 + sum(other.surely_below(one) for other in estimates) for one in estimates]
