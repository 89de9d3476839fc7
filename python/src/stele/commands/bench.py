"""``stele bench``: prove that the answers are right, then measure every binding."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from stele import marked, paths
from stele.contract.codes import Code, SteleError
from stele.parity import benchmark, known, plan, report
from stele.parity import case as cases
from stele.parity import run as parity_run
from stele.parity.binding import Binding, SetupError, from_arguments
from stele.parity.case import Case
from stele.parity.claim import claim_free
from stele.parity.conversation import Answer, LoadRefusedError
from stele.parity.process import WorkerError
from stele.parity.record import Benchmark, Journal, Result, machine
from stele.zoo.model import HELDOUT

_COLUMNS = ("binding", "identical bits", "accuracy", "time per call", "cold start", "memory")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's options."""
    parser = subparsers.add_parser(
        "bench",
        help="measure every binding on a model, once its answers are proved right",
        description="Runs a model in every binding on this machine, compares the answers with "
        "Python's, and measures each binding in a fresh worker, one after the other: the median "
        "time of a call, the time from process start to the first answer, and the peak memory by "
        "then. A wrong answer has no time.",
        epilog="exit status: 0 all pass, 1 a mismatch, 2 usage, 3 could not run",
    )
    parser.add_argument("model", nargs="?", default="digits", metavar="MODEL|DIR")
    parser.add_argument("--case", metavar="NAME", help="what to measure (default: the smallest)")
    parser.add_argument(
        "--binding", action="append", default=[], metavar="B", help="only these bindings"
    )
    parser.add_argument(
        "--runs", type=int, default=benchmark.Effort.runs, metavar="N",
        help="timed calls of each binding (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--config", default="default", metavar="C",
        help="session config: default, inline, single or hex:<ConfigProto>",
    )  # fmt: skip
    parser.add_argument(
        "--in-process", action="store_true", help="only bindings that run the model themselves: "
        "no server, no browser, no converter",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print the records (JSON Lines)")
    parser.add_argument(
        "--update", type=Path, metavar="FILE", help="also write the table into this Markdown file"
    )
    parser.set_defaults(run=run, usage=parser)


def run(args: argparse.Namespace) -> int:
    """Carry the command out and return its exit status."""
    selected = from_arguments(args.usage, args.binding)
    if args.in_process:
        selected = [binding for binding in selected if binding.in_process]
    if args.runs < 1:
        args.usage.error("--runs takes at least 1")
    console = Console(stderr=args.json)
    out = claim_free(paths.build_dir() / "bench")
    journal = Journal(out / "results.jsonl", echo=args.json)
    journal.begin(["stele", *sys.argv[1:]])
    console.print("comparing …", style="dim")
    deviations = known.load(*paths.bindings_roots())
    subject = _compare(journal, selected, deviations, args.model, args.case, out)
    effort = benchmark.Effort(runs=args.runs, config=args.config)
    for binding in selected:
        console.print(f"measuring {binding.id} …", style="dim")
        problem = _measure(journal, binding, subject, out / "workers" / binding.id, effort)
        if problem:
            console.print(f"  not measured: {problem}", style="dim", markup=False, soft_wrap=True)
    outgrown = known.outgrown(journal.of(Result), deviations)
    status = parity_run.exit_status(journal, selected, outgrown, strict=False)
    journal.end(status)
    if not args.json:
        console.print()
        if status:
            report.show(console, journal, outgrown)
        console.print(_table(journal, selected))
        console.print(_caption(subject, args.config), style="dim")
        console.print(f"results: {journal.file}", soft_wrap=True)
    if args.update is not None:
        text = _markdown(journal, selected, _caption(subject, args.config))
        marked.replace(args.update, "stele bench", text)
    return status


def _compare(
    journal: Journal,
    selected: list[Binding],
    deviations: list[known.Deviation],
    model: str,
    name: str | None,
    out: Path,
) -> benchmark.Subject:
    """Run the parity check, and choose what to measure from what it answered."""
    target = cases.find(model)
    all_cases = cases.collect(target, out / "inputs")
    with parity_run.Run(out, journal, deviations=deviations) as run_:
        reference = run_.check(plan.make(target, all_cases, out, bad=False), selected)
    answers = reference.answers if reference is not None else {}
    case = _choose(all_cases, answers, name)
    expected = answers[case.name].outputs
    assert expected is not None  # noqa: S101  (_choose takes only what was answered)
    labelled = [other for other in all_cases if other.name == HELDOUT]
    return benchmark.Subject(target, case, expected, labelled[0] if labelled else None)


def _choose(all_cases: list[Case], answers: Mapping[str, Answer], name: str | None) -> Case:
    """Return the case by this name, or the one with the smallest non-empty input."""
    answered = [
        case
        for case in all_cases
        if case.name in answers and answers[case.name].outputs is not None
    ]
    if name is not None:
        answered = [case for case in answered if case.name == name]
    if not answered:
        raise SteleError(Code.NOT_FOUND, f"no answered case {name or 'at all'} to measure")

    def size(case: Case) -> int:
        return sum(file.stat().st_size for file in case.inputs.glob("*.bin"))

    return min(answered, key=lambda case: (size(case) == 0, size(case)))


def _measure(
    journal: Journal,
    binding: Binding,
    subject: benchmark.Subject,
    folder: Path,
    effort: benchmark.Effort,
) -> str:
    """Measure one binding; return why it could not be."""
    try:
        measured = benchmark.measure(binding, subject, folder, effort)
    except (SetupError, LoadRefusedError, WorkerError) as error:
        return str(error)
    if isinstance(measured, str):
        return measured
    journal.add(measured)
    return ""


def _rows(journal: Journal, selected: list[Binding]) -> list[list[str]]:
    """Return the table's cells: a row for each binding."""
    rows = []
    for binding in selected:
        results = [r for r in journal.of(Result) if r.binding == binding.id]
        compared = [r for r in results if r.identical is not None]
        figures = [
            record
            for record in journal.records
            if isinstance(record, Benchmark) and record.binding == binding.id
        ]
        grey = [r for r in results if r.outcome.grey]
        if not figures:
            why = f"{grey[0].outcome}: {grey[0].detail}" if grey else "failed"
            rows.append([binding.id, why.splitlines()[0], "-", "-", "-", "-"])
            continue
        figure = figures[0]
        identical = sum(r.identical is True for r in compared)
        rows.append(
            [
                binding.id,
                f"{identical}/{len(compared)}",
                f"{figure.accuracy:.2%}" if figure.accuracy is not None else "-",
                f"{figure.call_ns / 1000:.0f} µs",
                f"{figure.cold_start_s:.2f} s",
                f"{figure.peak_bytes / 2**20:.0f} MiB" if figure.peak_bytes else "-",
            ]
        )
    return rows


def _table(journal: Journal, selected: list[Binding]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in _COLUMNS:
        table.add_column(column, justify="left" if column == "binding" else "right")
    for row in _rows(journal, selected):
        table.add_row(*row)
    return table


def _caption(subject: benchmark.Subject, config: str) -> str:
    where = machine()
    return (
        f"{subject.target.name}, case {subject.case.name}, config {config}; {where['machine']}; "
        f"TensorFlow {where['tensorflow']}, Keras {where['keras']}, Python {where['python']}; "
        f"{where['date']}"
    )


def _markdown(journal: Journal, selected: list[Binding], caption: str) -> str:
    lines = [
        "| " + " | ".join(_COLUMNS) + " |",
        "|---" + "|---:" * (len(_COLUMNS) - 1) + "|",
        *("| " + " | ".join(row) + " |" for row in _rows(journal, selected)),
        "",
        caption + ".",
    ]
    return "\n".join(lines)
