"""Every binding gives the same answer as Python, on every model and every case."""

from __future__ import annotations

from stele.parity import known
from tests.conftest import Cell, Parity, claimed, judge


def test_parity(cell: Cell, parity: Parity) -> None:
    judge(parity.result(cell), claimed()[cell.binding])


def test_known_deviations_still_deviate(parity: Parity) -> None:
    outgrown = known.outgrown(parity.results, parity.deviations)
    assert not outgrown, f"take these out of known.toml, they pass now: {outgrown}"
