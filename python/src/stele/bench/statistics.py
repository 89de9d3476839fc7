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

    Of fewer than six turns no two have that confidence between them: the interval is
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


def estimate(values: Sequence[float]) -> Estimate:
    """Return the median of at least one value, its interval by order statistics.

    Any distribution has as many values below its median as above: how many of n fall
    below it is binomial, whatever else the values are.
    """
    ordered = sorted(values)
    outside = _outside(len(ordered))
    return Estimate(statistics.median(ordered), ordered[outside], ordered[-1 - outside])


def _outside(n: int) -> int:
    """Return how many of n ordered values may be left out at each end."""
    left, tail = 0, 0.0
    while left < n // 2:
        tail += math.comb(n, left) / 2**n
        if 2 * tail > 1 - _CONFIDENCE:
            break
        left += 1
    return max(0, left - 1)


def ratio(mine: Sequence[float], theirs: Sequence[float]) -> Estimate:
    """Return how many times theirs mine is, round by round."""
    return _paired(mine, theirs, lambda a, b: a / b)


def difference(mine: Sequence[float], theirs: Sequence[float]) -> Estimate:
    """Return how much more than theirs mine is, round by round."""
    return _paired(mine, theirs, lambda a, b: a - b)


def _paired(
    mine: Sequence[float], theirs: Sequence[float], op: Callable[[float, float], float]
) -> Estimate:
    """What one round did to both is in neither's favour: pair the turns of a round."""
    return estimate([op(a, b) for a, b in zip(mine, theirs, strict=True)])


def ranks(estimates: Sequence[Estimate]) -> list[int]:
    """Return for each how many are surely below it, and one.

    Estimates whose intervals overlap have no order between them: none of the two counts
    against the other.
    """
    return [1 + sum(other.surely_below(one) for other in estimates) for one in estimates]
