"""Runs that were written down, on one machine or several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_uppercase
from typing import Any

from stele.contract.codes import Code, SteleError
from stele.parity.record import Benchmark, Record, Result, load
from stele.report.tables import Cell, Table


@dataclass(frozen=True)
class Run:
    """One journal.

    Attributes:
        label: A letter, for tables.
        header: Machine, versions, date and command.
        records: What was found.
    """

    label: str
    header: dict[str, Any]
    records: Sequence[Record]

    @property
    def results(self) -> list[Result]:
        """The cells of the parity run that speak of a model."""
        return [r for r in self.records if isinstance(r, Result) and r.model]

    @property
    def benchmarks(self) -> list[Benchmark]:
        """What was measured."""
        return [r for r in self.records if isinstance(r, Benchmark)]

    @property
    def command(self) -> str:
        """How it was started."""
        first, *rest = self.header.get("command", ["?"])
        return " ".join([Path(first).name, *rest])


def read(files: Sequence[Path]) -> list[Run]:
    """Read journals, in their order.

    Raises:
        SteleError: As `record.load`; INVALID_ARGUMENT for more files than letters.
    """
    if len(files) > len(ascii_uppercase):
        raise SteleError(Code.INVALID_ARGUMENT, f"{len(files)} runs are too many for one page")
    return [Run(label, *load(file)) for label, file in zip(ascii_uppercase, files, strict=False)]


def table(runs: Sequence[Run]) -> Table:
    """Say where each run was made."""
    rows = []
    for run in runs:
        where = run.header
        versions = (
            f"TensorFlow {where.get('tensorflow') or '?'}, Keras {where.get('keras') or '?'}, "
            f"Python {where.get('python') or '?'}, stele {where.get('stele') or '?'}"
        )
        texts = (
            run.label,
            str(where.get("date", "?")),
            str(where.get("machine", "?")),
            str(where.get("onednn", "?")),
            " ".join(where.get("cpu_flags", ())),
            versions,
        )
        rows.append([*map(Cell, texts), Cell(run.command)])
    columns = ("run", "date", "machine", "oneDNN", "CPU flags", "versions", "command")
    lead = "Figures of one run can be compared with each other; those of two machines cannot."
    return Table("Runs", lead, columns, rows)
