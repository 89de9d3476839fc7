"""Known deviations: ``known.toml`` beside a binding's ``binding.toml``.

Each entry says which cells deviate, why, and where that is discussed. The list
is a ratchet: an entry whose cells have all started to pass fails the run until
it is taken out.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from stele.codes import Code, SteleError
from stele.parity.record import Outcome, Result


@dataclass(frozen=True)
class Deviation:
    """One entry. ``model`` and ``case`` are patterns with ``*`` and ``?``."""

    binding: str
    model: str
    case: str
    reason: str
    link: str
    file: Path

    def covers(self, result: Result) -> bool:
        """Tell whether it speaks of this cell."""
        return (
            result.binding == self.binding
            and fnmatchcase(result.model, self.model)
            and fnmatchcase(result.case, self.case)
        )


def load(folder: Path) -> list[Deviation]:
    """Read every ``known.toml`` below a bindings folder.

    Raises:
        SteleError: INVALID_ARGUMENT for an entry without a reason or a link.
    """
    deviations = []
    for file in sorted(folder.glob("*/known.toml")):
        try:
            entries = tomllib.loads(file.read_text()).get("deviation", [])
            deviations += [Deviation(file=file, **entry) for entry in entries]
        except (tomllib.TOMLDecodeError, TypeError) as error:
            raise SteleError(Code.INVALID_ARGUMENT, f"{file}: {error}") from error
    for deviation in deviations:
        if not deviation.reason.strip() or not deviation.link.strip():
            raise SteleError(
                Code.INVALID_ARGUMENT, f"{deviation.file}: an entry needs a reason and a link"
            )
    return deviations


def apply(result: Result, deviations: Iterable[Deviation]) -> Result:
    """Mark a red result that a deviation covers."""
    for deviation in deviations:
        if result.red and deviation.covers(result):
            return result.with_known(f"{deviation.reason} ({deviation.link})")
    return result


def outgrown(results: Iterable[Result], deviations: Iterable[Deviation]) -> list[Deviation]:
    """Return the entries whose cells ran and now all pass."""
    ran = [result for result in results if not result.outcome.grey]
    found = []
    for deviation in deviations:
        covered = [result for result in ran if deviation.covers(result)]
        if covered and all(result.outcome is Outcome.PASS for result in covered):
            found.append(deviation)
    return found
