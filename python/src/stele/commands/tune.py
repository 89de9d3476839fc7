"""``stele tune``: the fastest way to run a model on this machine, and what it costs in bits."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from stele import paths
from stele.bench import paste, rounds, settings, subject, table, tune
from stele.bench.contestant import FAILURES
from stele.bench.statistics import Estimate, estimate
from stele.bench.tune import Choice
from stele.commands.bench import positive
from stele.contract.codes import Code, SteleError
from stele.contract.printable import one_line
from stele.convert import conversion
from stele.convert.formats import FORMATS
from stele.convert.request import Request
from stele.parity import case as cases
from stele.parity import known, report
from stele.parity import run as parity_run
from stele.parity.binding import Binding, from_arguments, one_from_arguments
from stele.parity.claim import claim_free
from stele.parity.record import Advice, Benchmark, Journal, Trial, machine, onednn

_EFFORT = rounds.Effort(starts=1)
_CONVERTED = ("python-onnx", "python-litert", "js-onnx")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's options."""
    parser = subparsers.add_parser(
        "tune",
        help="find the fastest setting for a model on this machine, with the bits it keeps",
        description="Runs one model under every session profile, with fewer threads, with oneDNN "
        "on and off, with its variables frozen into constants, and converted. Every answer is "
        "compared with what the model answers with nothing set; the fastest settings then take "
        "turns. Says which is surely faster with every bit as it is, which within the "
        "tolerances, and the line that sets it in each language.",
        epilog="exit status: 0 measured, whatever is fastest; 2 usage, 3 could not run",
    )
    parser.add_argument("model", metavar="MODEL|DIR", help="a zoo model or a SavedModel folder")
    parser.add_argument("--case", metavar="NAME", help="what to measure (default: the smallest)")
    parser.add_argument(
        "--batch", type=positive, metavar="N", help="with so many rows (default: the case's own)"
    )
    parser.add_argument(
        "--binding", default="c", metavar="B",
        help="whose worker tries the settings of TensorFlow (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--also", default=",".join(_CONVERTED), metavar="B,B",
        help='bindings of other runtimes, or "" (default: %(default)s)',
    )  # fmt: skip
    parser.add_argument(
        "--tolerance", type=_tolerance, metavar="X",
        help="an absolute distance of outputs that is near enough (default: stele check's)",
    )  # fmt: skip
    parser.add_argument(
        "--rounds", type=positive, default=_EFFORT.rounds, metavar="N",
        help="turns of each setting in the race (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print the records (JSON Lines)")
    parser.set_defaults(run=run, usage=parser)


def _tolerance(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f'"{text}" is no distance from 0 on')
    return value


def run(args: argparse.Namespace) -> int:
    """Carry the command out and return its exit status."""
    main = one_from_arguments(args.usage, args.binding)
    others = from_arguments(args.usage, [args.also]) if args.also else []
    target = cases.find(args.model)
    console = Console(stderr=args.json)
    journal = Journal(claim_free(paths.build_dir() / "tune") / "results.jsonl", echo=args.json)
    journal.begin(["stele", *sys.argv[1:]])
    try:
        with console.status("comparing …") as status:
            signature = _measure(journal, target, main, others, args, status.update)
    except FAILURES as error:
        raise SteleError(Code.FAILED_PRECONDITION, f"{main.id}: {error}") from error
    journal.end(0)
    if not args.json:
        _show(console, journal, target, signature)
    return 0


def _measure(
    journal: Journal,
    target: cases.Target,
    main: Binding,
    others: Sequence[Binding],
    args: argparse.Namespace,
    say: rounds.Say,
) -> str:
    """Compare with Python, then try the settings; return the signature that was run."""
    deviations = known.load(*paths.bindings_roots())
    batches = () if args.batch is None else (args.batch,)
    with parity_run.Run(journal.file.parent, journal, deviations=deviations) as run_:
        prepared = subject.prepare(run_, target, [main, *others], args.case, batches)
    signature = prepared.subjects[0].case.signature
    frozen = _frozen(target, signature, say)
    tried = settings.of_session(
        os.cpu_count() or 1, onednn=onednn().startswith("on"), frozen=frozen
    )
    choices = [*(Choice(main, one) for one in tried), *(Choice(other) for other in others)]
    effort = rounds.Effort(rounds=args.rounds, starts=_EFFORT.starts)
    tune.tune(journal, prepared, choices, effort, args.tolerance, say)
    return signature


def _frozen(target: cases.Target, signature: str, say: rounds.Say) -> Path | None:
    """Return the model with constants for variables; None where that cannot be."""
    say(f"{target.name}: freezing")
    folder, manifest = conversion.convert(Request(target, FORMATS["frozen"], signature))
    file = manifest["signatures"][signature]["file"]
    return (folder / file).parent if file else None


def _show(console: Console, journal: Journal, target: cases.Target, signature: str) -> None:
    report.unfold(console)
    ran = {(one.binding, one.profile): one for one in journal.of(Benchmark)}
    base, *_ = ran.values()
    header = ("binding", "setting", "identical bits", "furthest", "call", "times as fast")
    rows = [
        _cells(trial, ran.get((trial.binding, trial.setting)), base)
        for trial in sorted(journal.of(Trial), key=_speed)
    ]
    console.print(report.table_of(header, *rows, no_wrap=False))
    console.print()
    advice = {one.kind: one for one in journal.of(Advice)}
    for kind, words in tune.KINDS.items():
        _advise(console, words, advice.get(kind), journal, target, signature)
    text = f"{report.place()}; {machine()['date']}"
    console.print(text, style="dim", markup=False, soft_wrap=True)
    console.print(f"results: {journal.file}", soft_wrap=True, markup=False)


def _speed(one: Trial) -> float:
    return estimate(one.call_ns).value if one.call_ns else float("inf")


def _cells(trial: Trial, race: Benchmark | None, base: Benchmark) -> list[str]:
    """Return the row of a setting; what did not race has no factor."""
    if trial.reason:
        return [trial.binding, trial.setting, "-", "-", "-", one_line(trial.reason)]
    return [
        trial.binding,
        trial.setting,
        f"{trial.identical}/{trial.cases}",
        "-" if trial.ulp is None else f"{trial.ulp} ULP",
        table.duration(estimate(race.call_ns if race else trial.call_ns)),
        table.factor(tune.times(base, race)) if race else "at first glance",
    ]


def _advise(
    console: Console,
    words: str,
    advice: Advice | None,
    journal: Journal,
    target: cases.Target,
    signature: str,
) -> None:
    """Say what is fastest, and the lines that set it; or that nothing is."""
    if advice is None:
        text = f"{words}: nothing is surely faster here than what one has with nothing set."
        console.print(text, markup=False, soft_wrap=True, highlight=False)
        return
    times = table.factor(Estimate(advice.times, advice.low, advice.high))
    text = f"{words}: {advice.binding}, {advice.setting}: {times} as fast"
    console.print(text, markup=False, soft_wrap=True, highlight=False)
    (trial,) = (
        one
        for one in journal.of(Trial)
        if (one.binding, one.setting) == (advice.binding, advice.setting)
    )
    for line in paste.lines(trial, target, signature):
        console.print(f"  {line}", markup=False, soft_wrap=True, highlight=False)
