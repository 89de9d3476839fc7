"""``stele soak``: does a binding's memory grow over thousands of runs, or hundreds of loads?"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.status import Status

from stele import paths
from stele.bench import soak, subject, table
from stele.bench.contestant import Contestant, Setting
from stele.bench.statistics import estimate
from stele.parity import case as cases
from stele.parity import known, report
from stele.parity import run as parity_run
from stele.parity.binding import Binding, from_arguments
from stele.parity.claim import claim_free
from stele.parity.record import Journal, Result, Soaked

_EFFORT = soak.Effort()
_MIB = 1 << 20


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's options."""
    bounds = soak.BOUND
    parser = subparsers.add_parser(
        "soak",
        help="let every binding run and load thousands of times, and watch its memory",
        description="Compares the answers of every binding that runs the model itself with "
        "Python's, and then lets one after the other run a case, and load and unload the model, "
        "over and over. The slope of its resident memory, with that of the processes that it "
        "started, is estimated with an interval of at least 95 %, from pairs of an early and a "
        "late turn; a quarter as many runs or loads come before, uncounted. It leaks when the "
        f"lower end of the interval makes more than {bounds[soak.RUNS] // _MIB} MiB over all runs, "
        f"or more than {bounds[soak.LOADS] // _MIB} MiB over all loads. A runtime that collects "
        "garbage grows until it does: variables in its binding.toml (soak) give it a heap of fixed "
        "size. How durations drift is shown, and has no verdict.",
        epilog="exit status: 0 no leak, 1 a leak or a mismatch, 2 usage, 3 could not run",
    )
    parser.add_argument("model", nargs="?", default="digits", metavar="MODEL|DIR")
    parser.add_argument("--case", metavar="NAME", help="what to run (default: the smallest)")
    parser.add_argument(
        "--binding", action="append", default=[], metavar="B", help="only these bindings, servers "
        "and converters too (default: those that run the model themselves)",
    )  # fmt: skip
    parser.add_argument(
        "--runs", type=_many, default=_EFFORT.runs, metavar="N",
        help="runs of one load (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--loads", type=_many, default=_EFFORT.loads, metavar="N",
        help="loads, each with a run, and unloaded again (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print the records (JSON Lines)")
    parser.set_defaults(run=run, usage=parser)


def _many(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) < soak.FEWEST:
        raise argparse.ArgumentTypeError(f'"{text}" is no number from {soak.FEWEST} on')
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Carry the command out and return its exit status."""
    selected = from_arguments(args.usage, args.binding)
    if not args.binding:
        selected = [binding for binding in selected if binding.in_process]
    console = Console(stderr=args.json)
    journal = Journal(claim_free(paths.build_dir() / "soak") / "results.jsonl", echo=args.json)
    journal.begin(["stele", *sys.argv[1:]])
    deviations = known.load(*paths.bindings_roots())
    with console.status("comparing …") as status:
        _soak(journal, selected, deviations, args, status)
    outgrown = known.outgrown(journal.of(Result), deviations)
    failed = parity_run.exit_status(journal, selected, outgrown, strict=False)
    exit_status = failed or int(any(one.leaks for one in journal.of(Soaked)))
    journal.end(exit_status)
    if not args.json:
        if failed:
            report.show(console, journal, outgrown)
        _show(console, journal)
    return exit_status


def _soak(
    journal: Journal,
    selected: Sequence[Binding],
    deviations: list[known.Deviation],
    args: argparse.Namespace,
    status: Status,
) -> None:
    out = journal.file.parent
    target = cases.find(args.model)
    with parity_run.Run(out, journal, deviations=deviations) as run_:
        run_.say = status.update
        prepared = subject.prepare(run_, target, selected, args.case, ())
    contestants = [
        Contestant(binding, Setting(environment=binding.soak), out / "turns" / binding.id)
        for binding in selected
    ]
    effort = soak.Effort(args.runs, args.loads)
    soak.soak(journal, prepared.subjects[0], contestants, effort, status.update)


_HEADER = ("binding", "over", "memory", "grows by", "leaks", "each", "second half over first")


def _show(console: Console, journal: Journal) -> None:
    report.unfold(console)
    soaked = journal.of(Soaked)
    console.print(report.table_of(_HEADER, *map(_row, soaked), no_wrap=True))
    for result in journal.of(Result):
        if result.case.startswith(soak.CASE) and result.outcome.grey:
            line = f"not soaked: {result.binding}, {result.case}: {result.detail}"
            console.print(report.foreign(line), style="dim", soft_wrap=True)
    for one in soaked[:1]:
        where = f"{one.model}, case {one.case}; {report.place()}"
        console.print(where, style="dim", markup=False, soft_wrap=True)
    console.print(f"results: {journal.file}", soft_wrap=True, markup=False)


def _row(one: Soaked) -> tuple[str, ...]:
    return (
        one.binding,
        f"{one.count} {one.over}",
        f"{one.memory_bytes[-1] / _MIB:.0f} MiB",
        _growth(one),
        "yes" if one.leaks else "no",
        table.duration(estimate(one.ns)),
        table.factor(soak.drift(one.ns)),
    )


def _growth(one: Soaked) -> str:
    value, low, high = (f"{number:+.1f}" for number in one.growth)
    return f"{value} B each [{low}, {high}]"
