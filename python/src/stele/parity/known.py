"""Known deviations: ``known.toml`` beside a binding's ``binding.toml``.

Each ``[[deviation]]`` says which cells deviate, why, and where that is discussed. Each
``[[distance]]`` says how many ULP a binding of another class may be from the reference
on some cells of the zoo. The list is a ratchet: an entry that its cells no longer need
fails the run until it is taken out; but for one with ``sometimes = true``, whose cells
deviate on some CPUs only.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path
from typing import Any

from stele.contract.codes import Code, SteleError
from stele.parity.compare import TOLERANCES
from stele.parity.record import Outcome, Result


@dataclass(frozen=True)
class Deviation:
    """One entry. ``model`` and ``case`` are patterns with ``*`` and ``?``.

    ``sometimes`` is for what depends on the CPU: another one may do without it.
    """

    binding: str
    model: str
    case: str
    reason: str
    link: str
    file: Path
    sometimes: bool = field(default=False, kw_only=True)

    def covers(self, result: Result) -> bool:
        """Tell whether it speaks of this cell."""
        return (
            result.binding == self.binding
            and fnmatchcase(result.model, self.model)
            and fnmatchcase(result.case, self.case)
        )

    def needless(self, result: Result) -> bool:
        """Tell whether a cell that it covers would do without it."""
        return result.outcome is Outcome.PASS


@dataclass(frozen=True)
class Distance(Deviation):
    """How far some cells may be off; it takes the place of the tolerance.

    Attributes:
        ulp: In units in the last place; an output is within this
        absolute: or within this in its own unit: next to zero, a trifle is many ULP.
    """

    ulp: int
    absolute: float = field(default=0.0, kw_only=True)

    def allows(self, tensor: dict[str, Any]) -> bool:
        """Tell whether an output is no farther off."""
        return bool(tensor["ulp"] <= self.ulp or tensor["absolute"] <= self.absolute)

    def covers(self, result: Result) -> bool:
        """Tell whether it speaks of this cell, and the cell has a distance."""
        differs = any(not tensor["identical"] for tensor in result.tensors)
        return differs and super().covers(result)

    def needless(self, result: Result) -> bool:
        """Tell whether a cell that it covers would do without it."""
        return all(_is_near(tensor) for tensor in result.tensors)


def load(*roots: Path) -> list[Deviation]:
    """Read every ``known.toml`` one or two folders below folders of bindings.

    Raises:
        SteleError: INVALID_ARGUMENT for an entry without a reason or a link.
    """
    deviations: list[Deviation] = []
    files = (root.glob(pattern) for root in roots for pattern in ("*/known.toml", "*/*/known.toml"))
    for file in sorted(chain.from_iterable(files)):
        try:
            tables = tomllib.loads(file.read_text())
            deviations += [Deviation(file=file, **entry) for entry in tables.get("deviation", ())]
            deviations += [Distance(file=file, **entry) for entry in tables.get("distance", ())]
        except (tomllib.TOMLDecodeError, TypeError) as error:
            raise SteleError(Code.INVALID_ARGUMENT, f"{file}: {error}") from error
    for deviation in deviations:
        if not deviation.reason.strip() or not deviation.link.strip():
            raise SteleError(
                Code.INVALID_ARGUMENT, f"{deviation.file}: an entry needs a reason and a link"
            )
    return deviations


def weigh(result: Result, deviations: Iterable[Deviation]) -> Result:
    """Judge a cell of the zoo, run in another class, by the distance listed for it.

    More ULP than its dtype's tolerance have to be listed, even where the absolute
    bound lets them pass: they are a user's to know.
    """
    far = [tensor for tensor in result.tensors if not _is_near(tensor) and "ulp" in tensor]
    wrong = any(tensor["problem"] and "ulp" not in tensor for tensor in result.tensors)
    if not far or wrong:
        return result
    listed = (entry for entry in deviations if isinstance(entry, Distance))
    entry = next((entry for entry in listed if entry.covers(result)), None)
    most = max(tensor["ulp"] for tensor in far)
    if entry is not None and all(map(entry.allows, far)):
        return replace(result, outcome=Outcome.PASS, detail=f"{most} ULP: {entry.reason}")
    limit = "not listed" if entry is None else f"{entry.ulp} listed"
    return replace(result, outcome=Outcome.MISMATCH, detail=f"{most} ULP, {limit}")


def _is_near(tensor: dict[str, Any]) -> bool:
    """Tell whether an output is the reference's, or within its dtype's ULP of it."""
    if tensor["identical"]:
        return True
    return "ulp" in tensor and bool(tensor["ulp"] <= TOLERANCES[tensor["dtype"]].ulp)


def apply(result: Result, deviations: Iterable[Deviation]) -> Result:
    """Mark a red result that a deviation covers."""
    for deviation in deviations:
        if result.red and deviation.covers(result) and not isinstance(deviation, Distance):
            return result.with_known(f"{deviation.reason} ({deviation.link})")
    return result


def outgrown(results: Iterable[Result], deviations: Iterable[Deviation]) -> list[Deviation]:
    """Return the entries that the cells which ran no longer need."""
    ran = [result for result in results if not result.outcome.grey]
    found = []
    for deviation in deviations:
        if deviation.sometimes:
            continue
        covered = [result for result in ran if deviation.covers(result)]
        if covered and all(deviation.needless(result) for result in covered):
            found.append(deviation)
    return found
