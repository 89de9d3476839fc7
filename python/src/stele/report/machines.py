"""What is not the same in all runs: another CPU, oneDNN on and off, another day."""

from __future__ import annotations

from collections.abc import Sequence

from stele.parity.record import Outcome, Result
from stele.report import parity
from stele.report.runs import Run
from stele.report.tables import Cell, Table

Key = tuple[str, str, str]


def tables(runs: Sequence[Run]) -> list[Table]:
    """Return the cells that runs disagree on; no table of a single run."""
    checked = [(run.label, _outcomes(run.results)) for run in runs if run.results]
    if len(checked) < 2:
        return []
    rows = []
    for key in dict.fromkeys(key for _, outcomes in checked for key in outcomes):
        given = [outcomes[key] for _, outcomes in checked if key in outcomes]
        if len({cell.text for cell in given}) > 1:
            rows.append(
                [*map(Cell, key), *(outcomes.get(key, Cell("-")) for _, outcomes in checked)]
            )
    lead = (
        "Cases whose outcome or distance is not the same in all runs; what the machines are "
        "stands below. A case that TensorFlow itself refuses on one CPU is grey there."
    )
    columns = ("model", "binding", "case", *(f"run {label}" for label, _ in checked))
    same = "Nothing: every case that several of these runs have gave the same in all of them."
    return [Table("What differs between the runs", lead if rows else same, columns, rows)]


def _outcomes(results: Sequence[Result]) -> dict[Key, Cell]:
    return {(r.model, r.binding, r.case): _cell(r) for r in results}


def _cell(result: Result) -> Cell:
    if result.known:
        return Cell("known", note=result.known, command=parity.replay(result))
    if result.outcome is not Outcome.PASS or result.identical is None:
        return Cell(str(result.outcome), note=result.detail, command=parity.replay(result))
    return Cell("identical" if result.identical else f"{parity.ulp(result)} ULP")
