"""``stele bench``: prove that the answers are right, then measure every binding."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.status import Status

from stele import marked, paths
from stele.bench import rounds, subject, table
from stele.bench.contestant import Contestant, Setting
from stele.contract.codes import Code, SteleError
from stele.contract.config import PROFILES
from stele.parity import case as cases
from stele.parity import known, report
from stele.parity import run as parity_run
from stele.parity.binding import Binding, from_arguments
from stele.parity.claim import claim_free
from stele.parity.record import Benchmark, Journal, Result, Startup, machine

_EFFORT = rounds.Effort()


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's options."""
    parser = subparsers.add_parser(
        "bench",
        help="measure every binding on a model, once its answers are proved right",
        description="Runs models in every binding on this machine, compares the answers with "
        "Python's, and then measures, phase by phase: process start, library, model load, first "
        "call, warm-up until the median is steady, calls (the language's arrays in and out), peak "
        "memory and bytes on disk. Bindings take turns; a figure is the median over the rounds of "
        "a round's median, with an interval of at least 95 %, which from six starts on tells of "
        "other processes than those measured, too. A rank counts who is surely faster: "
        "where intervals overlap there is no order. A wrong answer has no time.",
        epilog="exit status: 0 all pass, 1 a mismatch, 2 usage, 3 could not run",
    )
    parser.add_argument("models", nargs="*", default=["digits"], metavar="MODEL|DIR")
    parser.add_argument("--case", metavar="NAME", help="what to measure (default: the smallest)")
    parser.add_argument(
        "--batch", type=_counts, default=(), metavar="N,N",
        help="the same with so many rows (default: the case's own)",
    )  # fmt: skip
    parser.add_argument(
        "--binding", action="append", default=[], metavar="B", help="only these bindings"
    )
    parser.add_argument(
        "--in-process", action="store_true", help="only bindings that run the model themselves: "
        "no server, no browser, no converter",
    )  # fmt: skip
    parser.add_argument(
        "--profile", type=lambda text: text.split(","), default=["default"], metavar="P,P",
        help=f"session configs: {', '.join(PROFILES)} or hex:<ConfigProto>",
    )  # fmt: skip
    parser.add_argument(
        "--threads", type=_counts, default=(), metavar="N,N",
        help="throughput of so many workers that call at once, each in a process of its own",
    )  # fmt: skip
    parser.add_argument(
        "--vs", default=table.BASELINE, metavar="B",
        help="the binding that others are compared with (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--rounds", type=positive, default=_EFFORT.rounds, metavar="N",
        help="turns of each binding, shared among its starts (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--starts", type=positive, default=_EFFORT.starts, metavar="N",
        help="cold starts of each binding (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--warm-up", type=positive, default=round(_EFFORT.warm_up_seconds), metavar="SECONDS",
        help="how long a binding is warmed up at most, steady or not (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print the records (JSON Lines)")
    parser.add_argument(
        "--update", type=Path, metavar="FILE", help="also write the table into this Markdown file"
    )
    parser.set_defaults(run=run, usage=parser)


def positive(text: str) -> int:
    """Return an option's number, from 1 on."""
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise argparse.ArgumentTypeError(f'"{text}" is no number from 1 on')
    return int(text)


def _counts(text: str) -> tuple[int, ...]:
    return tuple(dict.fromkeys(positive(part) for part in text.split(",")))


def run(args: argparse.Namespace) -> int:
    """Carry the command out and return its exit status."""
    selected = from_arguments(args.usage, args.binding)
    if args.in_process:
        selected = [binding for binding in selected if binding.in_process]
    if args.vs not in [binding.id for binding in selected] and args.vs != table.BASELINE:
        args.usage.error(f'--vs "{args.vs}" is not among the bindings that are measured')
    console = Console(stderr=args.json)
    out = claim_free(paths.build_dir() / "bench")
    journal = Journal(out / "results.jsonl", echo=args.json)
    journal.begin(["stele", *sys.argv[1:]])
    deviations = known.load(*paths.bindings_roots())
    with console.status("comparing …") as status:
        _measure(journal, selected, deviations, args, status)
    outgrown = known.outgrown(journal.of(Result), deviations)
    exit_status = parity_run.exit_status(journal, selected, outgrown, strict=False)
    journal.end(exit_status)
    if not args.json:
        _show(console, journal, args.vs)
        if exit_status:
            report.show(console, journal, outgrown)
        console.print(f"results: {journal.file}", soft_wrap=True, markup=False)
    if args.update is not None:
        marked.replace(args.update, "stele bench", _markdown(journal, args.vs))
    return exit_status


def _measure(
    journal: Journal,
    selected: Sequence[Binding],
    deviations: list[known.Deviation],
    args: argparse.Namespace,
    status: Status,
) -> None:
    """Compare all answers first, and then measure model by model."""
    out = journal.file.parent
    targets = cases.resolve(args.models)
    with parity_run.Run(out, journal, deviations=deviations) as run_:
        run_.say = status.update
        prepared = [
            subject.prepare(run_, _readable(target), selected, args.case, args.batch)
            for target in targets
        ]
    effort = rounds.Effort(
        rounds=args.rounds,
        starts=args.starts,
        warm_up_seconds=args.warm_up,
        workers=args.threads,
    )
    for one in prepared:
        contestants = [
            Contestant(
                binding, Setting(profile, profile), out / "turns" / f"{binding.id}-{profile}"
            )
            for profile in args.profile
            for binding in selected
        ]
        rounds.measure(journal, one, contestants, effort, status.update)


def _readable(target: cases.Target | cases.Unreadable) -> cases.Target:
    if isinstance(target, cases.Unreadable):
        raise target.error
    return target


def _caption(journal: Journal) -> str:
    first = next(iter(journal.of(Benchmark)), None)
    if first is None:
        raise SteleError(Code.FAILED_PRECONDITION, "no binding could be measured")
    where = machine()
    rounds_ = f"{len(first.call_ns)} rounds in {first.processes} processes of each"
    names = dict.fromkeys(f"{one.model}, case {one.case}" for one in journal.of(Benchmark))
    return (
        f"{'; '.join(names)}; {rounds_}; {report.place()}, Keras "
        f"{where['keras']}, Python {where['python']}; {where['date']}"
    )


def _show(console: Console, journal: Journal, versus: str) -> None:
    found = table.figures(journal.records, versus)
    report.unfold(console)
    console.print(report.table_of(*table.rows(found, versus), no_wrap=True))
    console.print()
    phases = table.phases(journal.of(Startup), journal.of(Benchmark))
    console.print(report.table_of(*phases, no_wrap=True))
    for line in table.unmeasured(journal.records):
        console.print(f"not measured: {line}", style="dim", markup=False, soft_wrap=True)
    if found:
        console.print(_caption(journal), style="dim", markup=False, soft_wrap=True)


def _markdown(journal: Journal, versus: str) -> str:
    found = table.figures(journal.records, versus)
    lines = table.unmeasured(journal.records)
    more = ["", *(f"Not measured: {line}." for line in lines)] if lines else []
    return "\n".join(
        [table.markdown(table.rows(found, versus)), *more, "", f"{_caption(journal)}."]
    )
