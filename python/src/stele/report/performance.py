"""What was measured, run by run."""

from __future__ import annotations

from collections.abc import Sequence

from stele.bench import table as figures
from stele.bench.statistics import ratio
from stele.bench.table import Figures
from stele.parity.record import Startup
from stele.report.runs import Run
from stele.report.tables import Cell, Table, plain


def tables(runs: Sequence[Run]) -> list[Table]:
    """Return for each run with figures its calls, and what comes before them."""
    found = []
    for run in runs:
        if not run.benchmarks:
            continue
        measured = figures.figures(run.records)
        header, *rows = figures.rows(measured)
        names = [one.benchmark.binding for one in measured]
        cases = ", ".join(dict.fromkeys(f"{b.model} ({b.case})" for b in run.benchmarks))
        lead = (
            f"{cases}. Medians with an interval of at least 95 %; a rank is one and how many are "
            "surely faster: where intervals overlap there is no order. Memory and disk are of all "
            "processes, a server's and a browser's too. “At once” is processes, not threads."
        )
        found.append(Table(f"Calls, run {run.label}", lead, header, plain(rows), names))
        startups = [r for r in run.records if isinstance(r, Startup)]
        header, *rows = figures.phases(startups, run.benchmarks)
        lead = (
            "From process start: until the library is being loaded, the library, the model, the "
            "first call, and what it takes until the median of a turn is steady."
        )
        names = [one.binding for one in startups]
        found.append(Table(f"Before the calls, run {run.label}", lead, header, plain(rows), names))
        left_out = figures.unmeasured(run.records)
        if left_out:
            rows_ = [[Cell(line)] for line in left_out]
            found.append(Table(f"Not measured, run {run.label}", "", ("what and why",), rows_))
    return found


def measured(runs: Sequence[Run]) -> list[Figures]:
    """Return the figures that a choice is made by: the first run's that has any."""
    for run in runs:
        if run.benchmarks:
            return figures.figures(run.records)
    return []


def factors(found: Sequence[Figures]) -> dict[str, dict[str, str]]:
    """Return by row, and by the row that a reader picks, how many times its call takes."""
    return {
        key(one): {
            key(other): figures.factor(ratio(one.benchmark.call_ns, other.benchmark.call_ns))
            for other in found
            if (one.benchmark.model, one.benchmark.case)
            == (other.benchmark.model, other.benchmark.case)
        }
        for one in found
    }


def key(one: Figures) -> str:
    """Return what a row is called where a reader picks it."""
    return f"{one.benchmark.binding} {one.benchmark.profile} {one.benchmark.case}"
