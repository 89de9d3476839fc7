"""Models × bindings: whose bits are Python's, and how far the others are."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from stele.parity.record import Outcome, Result
from stele.report.runs import Run
from stele.report.tables import Cell, Table

# From here on a distance is shown as far: above what summing in another order makes.
_FAR = 128


def table(runs: Sequence[Run]) -> Table:
    """Return the heat map, a row for each run and model."""
    checked = [run for run in runs if run.results]
    bindings = list(dict.fromkeys(r.binding for run in checked for r in run.results))
    rows = []
    for run in checked:
        for model in dict.fromkeys(r.model for r in run.results):
            cells = [
                _cell([r for r in run.results if (r.model, r.binding) == (model, binding)])
                for binding in bindings
            ]
            rows.append([Cell(run.label), Cell(model), *cells])
    lead = (
        "“identical” is every bit of every case that was answered; a number is the greatest "
        "distance in units in the last place (ULP); “known” is a difference that is listed with "
        "its reason. A cell opens its worst case and the command that shows it again."
    )
    return Table("Parity", lead, ("run", "model", *bindings), rows)


def _cell(results: list[Result]) -> Cell:
    if not results:
        return Cell("-", "grey")
    answers = [r for r in results if not r.case.startswith("bad/")]
    red = [r for r in results if r.red]
    if red:
        return _explained(f"{len(red)} failed", "bad", red[0])
    compared = [r for r in answers if r.identical is not None]
    if not compared:
        return _explained("no answer", "grey", results[0])
    known = [r for r in answers if r.known]
    counted = f"{len(compared)} of {len(answers)} answered"
    worst = max(answers, key=ulp)
    text = "identical" if all(r.identical for r in compared) else f"{ulp(worst)} ULP"
    tone = "good" if text == "identical" else "near" if ulp(worst) <= _FAR else "far"
    if known:
        text += f", {len(known)} known"
    return _explained(text, tone, known[0] if known and tone == "good" else worst, counted)


def ulp(result: Result) -> int:
    """Return the greatest distance; a known difference without one counts for itself."""
    if result.known:
        return -1
    return max((int(tensor.get("ulp", 0)) for tensor in result.tensors), default=0)


def _explained(text: str, tone: str, worst: Result, counted: str = "") -> Cell:
    note = "; ".join(
        part
        for part in (counted, f"{worst.case}: {worst.outcome}", worst.known or worst.detail)
        if part
    )
    return Cell(text, tone, note, replay(worst))


def replay(result: Result) -> str:
    """Return the command that runs a cell again."""
    if result.outcome in (Outcome.SETUP,):
        return f"stele check {shlex.quote(result.model)} --binding {result.binding}"
    case = shlex.quote(result.case)
    return f"stele check {shlex.quote(result.model)} --binding {result.binding} --cases {case}"


def summary(runs: Sequence[Run]) -> dict[str, dict[str, Any]]:
    """Return for each binding what a choice needs: identical everywhere, greatest ULP, red."""
    found: dict[str, dict[str, Any]] = {}
    for run in runs:
        for result in run.results:
            about = found.setdefault(result.binding, {"identical": True, "ulp": 0, "red": False})
            about["red"] |= result.red
            if result.identical is not None and not result.case.startswith("bad/"):
                about["identical"] &= result.identical
                about["ulp"] = max(about["ulp"], ulp(result))
    return found
