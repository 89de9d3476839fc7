"""Tables for people, made from the records of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TypeVar

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from stele.contract.printable import one_line, printable_lines
from stele.parity.known import Deviation
from stele.parity.plan import Plan
from stele.parity.record import Coverage, Fuzzed, Journal, Link, Outcome, Result, machine
from stele.parity.reference import KERAS
from stele.savedmodel import findings

_Item = TypeVar("_Item")

# Failures shown in full; the rest is in the results file.
_SHOWN = 20


def show_effects(console: Console, plans: Iterable[Plan]) -> None:
    """Say before a run what it does beside answering: a model is a program."""
    for plan in plans:
        for signature, done in plan.effects.items():
            for entry in findings.of_effects(signature, done):
                text = f"{plan.target.name}: {entry.message}"
                console.print(f"[yellow]note[/] {foreign(text)}", soft_wrap=True)


def unfold(console: Console) -> None:
    """Off a terminal, for grep and logs: one line is one thing, however long."""
    if not console.is_terminal:
        console.width = 10_000


def place() -> str:
    """Say what figures and verdicts of this machine depend on."""
    where = machine()
    return f"{where['machine']}, oneDNN {where['onednn']}; TensorFlow {where['tensorflow']}"


def place_in_full() -> str:
    """Say what a document says of its figures: `place`, and what else it was that day."""
    where = machine()
    flags = " ".join(where["cpu_flags"])
    return f"{place()}, Python {where['python']}; CPU flags {flags}; {where['date']}."


def table_of(header: Iterable[str], *rows: Iterable[str], no_wrap: bool) -> Table:
    """Return a plain table of foreign text.

    Args:
        header: Names of the columns.
        rows: A cell for each column.
        no_wrap: Whether cells too long for a terminal are cut: figures and names, not words.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in header:
        table.add_column(column, no_wrap=no_wrap)
    for row in rows:
        table.add_row(*map(foreign, row))
    return table


def show(console: Console, journal: Journal, outgrown: Iterable[Deviation]) -> None:
    """Print the table of a run, its links, its failures, and where the results are."""
    unfold(console)
    results = journal.of(Result)
    console.print(place(), style="dim", soft_wrap=True, markup=False)
    console.print(_table(results))
    _show_unanswered(console, journal)
    for link in _in_chain(journal.of(Link), lambda link: (link.model, link.link)):
        if link.detail:
            mark = "[yellow]link[/]" if link.ok else "[red]link broken[/]"
            text = f"{foreign(link.model)}: {link.link}: {foreign(link.detail)}"
            console.print(f"{mark} {text}", soft_wrap=True)
    for fuzzed in journal.of(Fuzzed):
        text = (
            f"{fuzzed.model}: signature {fuzzed.signature}: {fuzzed.examples} examples, "
            f"{fuzzed.answered} answered, from --seed {fuzzed.seed}"
        )
        console.print(f"fuzzed {foreign(text)}", soft_wrap=True)
    _show_grey(console, results)
    _show_failures(console, results)
    for deviation in outgrown:
        console.print(
            f"[red]known deviation has started to pass[/]: {deviation.binding} "
            f"{deviation.model} {deviation.case}: take it out of {deviation.file}"
        )
    for result in results:
        if result.retried:
            console.print(
                f"[yellow]crashed once[/] {foreign(result.model)} {result.binding} "
                f"{foreign(result.case)}: {foreign(result.retried)}; passed alone"
            )
    console.print(f"results: {foreign(str(journal.file))}", soft_wrap=True)


def _in_chain(items: Iterable[_Item], parts: Callable[[_Item], tuple[str, str]]) -> list[_Item]:
    """Return links or rows as they were found, Keras in memory before a model's others.

    Args:
        items: Of one run.
        parts: Gives an item's model, and the binding that it begins with.
    """
    items = list(items)
    models = list(dict.fromkeys(parts(item)[0] for item in items))

    def place(item: _Item) -> tuple[int, bool]:
        model, name = parts(item)
        return models.index(model), not name.startswith(KERAS)

    return sorted(items, key=place)


def _table(results: list[Result]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    # Names are folded, never cut.
    for column in ("model", "binding"):
        table.add_column(column, overflow="fold")
    for column in ("passed", "answered", "identical", "ULP"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("class", no_wrap=True)
    table.add_column("not passed", overflow="fold", min_width=len("not passed"))
    found = dict.fromkeys((r.model, r.binding) for r in results if r.model and r.binding)
    for model, binding in _in_chain(found, lambda row: row):
        row = [r for r in results if (r.model, r.binding) == (model, binding)]
        compared = [r for r in row if r.identical is not None and not r.case.startswith("bad/")]
        asked = [r for r in row if not r.case.startswith("bad/")]
        passed = [r for r in row if r.outcome is Outcome.PASS]
        ulps = [t["ulp"] for r in row for t in r.tensors if "ulp" in t]
        classes = "/".join(sorted({r.library_class for r in row if r.library_class}))
        table.add_row(
            foreign(model),
            binding,
            f"{len(passed)}/{len(row)}",
            f"{len(compared)} of {len(asked)}",
            f"{sum(r.identical is True for r in compared)}/{len(compared)}" if compared else "-",
            str(max(ulps)) if ulps else "-",
            classes or "-",
            _rest(row),
            style=_style(row),
        )
    return table


def _rest(row: list[Result]) -> str:
    """Count what is not a pass."""
    rest = [r for r in row if r.outcome is not Outcome.PASS]
    counts = Counter(f"known {r.outcome}" if r.known else str(r.outcome) for r in rest)
    return ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))


def _style(row: list[Result]) -> str:
    if any(r.red for r in row):
        return "red"
    answered = any(r.outcome is Outcome.PASS and r.identical is not None for r in row)
    return "green" if answered else "dim"


def _show_unanswered(console: Console, journal: Journal) -> None:
    """Name the signatures of which nothing was answered: they are no pass."""
    for coverage in journal.of(Coverage):
        if coverage.answered:
            continue
        why = f": {one_line(coverage.detail)}" if coverage.detail else ""
        remedy = f"; {coverage.remedy}" if coverage.remedy else ""
        text = (
            f"{coverage.model}: signature {coverage.signature}: answered 0 of {coverage.cases} "
            f"cases{why}{remedy}"
        )
        console.print(f"[yellow]not answered[/] {foreign(text)}", soft_wrap=True)


def _show_grey(console: Console, results: list[Result]) -> None:
    """Say once for each reason why cells were not run."""
    reasons: dict[tuple[str, Outcome, str], list[Result]] = {}
    for result in results:
        if result.outcome.grey:
            reasons.setdefault((result.binding, result.outcome, result.detail), []).append(result)
    for (binding, outcome, detail), cells in reasons.items():
        console.print(
            f"{outcome} {binding}, {len(cells)} cells: {foreign(detail)}",
            style="dim",
            soft_wrap=True,
        )


def _show_failures(console: Console, results: list[Result]) -> None:
    red = [result for result in results if result.red]
    for result in red[:_SHOWN]:
        where = " ".join(part for part in (result.model, result.binding, result.case) if part)
        console.print(
            f"[red]{result.outcome}[/] {foreign(where)}: {foreign(result.detail)}", soft_wrap=True
        )
        if result.failure:
            console.print(f"  stele replay {foreign(result.failure)}", soft_wrap=True, style="dim")
    if len(red) > _SHOWN:
        console.print(f"… and {len(red) - _SHOWN} more failures in the results file")


def foreign(text: str) -> str:
    """Return somebody else's text for rich: neither markup nor an order to a terminal."""
    return escape(printable_lines(text))
