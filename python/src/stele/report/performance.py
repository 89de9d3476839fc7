"""What was measured, run by run."""

from __future__ import annotations

from collections.abc import Sequence

from stele.bench import table as figures
from stele.bench.statistics import Estimate, estimate, ratio
from stele.bench.table import Figures
from stele.parity.record import Startup
from stele.report.runs import Run
from stele.report.tables import INTERVALS, PARTS, Cell, Mark, Plot, Table, plain


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
            "surely faster: where intervals overlap there is no order. Furthest is of the "
            "answers that are near enough; “but for” counts the others, which are known. "
            "Memory and disk are of all processes, a server's and a browser's too. “At once” is "
            "processes, not threads."
        )
        title = f"Calls, run {run.label}"
        found.append(Table(title, lead, header, plain(rows), names, _plots_of_calls(measured)))
        startups = [r for r in run.records if isinstance(r, Startup)]
        header, *rows = figures.phases(startups, run.benchmarks)
        lead = (
            "From process start: until the library is being loaded, the library, the model, the "
            "first call, and what it takes until the median of a turn is steady."
        )
        names = [one.binding for one in startups]
        title = f"Before the calls, run {run.label}"
        plots = [_plot_of_starts(startups)]
        found.append(Table(title, lead, header, plain(rows), names, plots))
        left_out = figures.unmeasured(run.records)
        if left_out:
            rows_ = [[Cell(line)] for line in left_out]
            found.append(Table(f"Not measured, run {run.label}", "", ("what and why",), rows_))
    return found


def _plots_of_calls(found: Sequence[Figures]) -> list[Plot]:
    """Return what a call takes, the fastest first, and how many are answered in a second."""
    ordered = sorted(found, key=lambda one: one.call.value)
    about = [one.benchmark for one in ordered]
    rows = _rows([(one.binding, one.profile, one.model, one.case) for one in about])
    calls = [
        _mark(row, one.call.scaled(1e-3), "TensorFlow's bits" if _same(one) else "other bits")
        for row, one in zip(rows, ordered, strict=True)
    ]
    rates = [
        _mark(row, estimate(values), f"{workers} at once")
        for row, one in zip(rows, about, strict=True)
        for workers, values in one.throughput.items()
    ]
    plots = [Plot(INTERVALS, "What a call takes", "µs", calls)]
    return plots + ([Plot(INTERVALS, "Calls in a second", "calls/s", rates)] if rates else [])


def _plot_of_starts(startups: Sequence[Startup]) -> Plot:
    """Return what comes before the first answer, the quickest first."""
    ordered = sorted(startups, key=lambda one: figures.cold(one).value)
    rows = _rows([(one.binding, one.profile, one.model) for one in ordered])
    marks = [
        _mark(row, estimate(part), phase)
        for row, one in zip(rows, ordered, strict=True)
        for phase, part in (
            ("process", one.process_s),
            ("library", one.library_s),
            ("model load", one.load_s),
            ("first call", one.first_call_s),
        )
        if part
    ]
    return Plot(PARTS, "From process start to the first answer", "s", marks)


def _rows(parts: Sequence[tuple[str, ...]]) -> list[str]:
    """Name rows by their first part, and by those that are not the same in all of them."""
    varies = [len(set(column)) > 1 for column in zip(*parts, strict=True)]
    return [" ".join(part for n, part in enumerate(row) if n == 0 or varies[n]) for row in parts]


def _mark(row: str, value: Estimate, series: str) -> Mark:
    return Mark(row, value.value, value.low, value.high, series)


def _same(one: Figures) -> bool:
    same, checked = one.checked
    return same == checked if checked else one.benchmark.identical


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
            key(other): figures.factor(figures.paired(ratio, one.benchmark, other.benchmark))
            for other in found
            if (one.benchmark.model, one.benchmark.case)
            == (other.benchmark.model, other.benchmark.case)
        }
        for one in found
    }


def key(one: Figures) -> str:
    """Return what a row is called where a reader picks it."""
    return f"{one.benchmark.binding} {one.benchmark.profile} {one.benchmark.case}"
