"""``stele versions``: does another TensorFlow change what a model predicts?"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from stele import paths
from stele.commands import options
from stele.libtensorflow import versions
from stele.parity import case as cases
from stele.parity import plan
from stele.parity.binding import from_arguments
from stele.parity.claim import claim_free
from stele.parity.record import Journal, Outcome, Upgrade, machine
from stele.parity.report import foreign, place, table_of, unfold
from stele.parity.versions import Upgrades

_MOST_LINES = 10


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's options."""
    parser = subparsers.add_parser(
        "versions",
        help="run a model with other TensorFlows and compare with the installed one",
        description="Runs the cases of one model with the installed TensorFlow and with others, "
        "through a binding that finds the C library when it runs, and says for each version how "
        "far its answers are. The libraries come out of the wheels of tensorflow-cpu, a quarter "
        "of a gigabyte each the first time, and stay in build/tensorflows.",
        epilog="exit status: 0 all within the tolerances, 1 other predictions, 2 usage, "
        "3 could not run",
    )
    parser.add_argument("model", metavar="MODEL|DIR", help="a zoo model or a SavedModel folder")
    parser.add_argument(
        "--tensorflow", required=True, type=_versions, metavar="V,V",
        help="versions: 2.18.1, or 2.18 for the newest of it; from 2.16 on",
    )  # fmt: skip
    parser.add_argument(
        "--binding", action="append", default=[], metavar="B",
        help="bindings that find the library when they run (default: c)",
    )  # fmt: skip
    options.add_signature(parser)
    options.add_inputs(parser)
    parser.add_argument("--config", default="default", metavar="C", help="session config")
    parser.add_argument("--json", action="store_true", help="print the records (JSON Lines)")
    parser.set_defaults(run=run, usage=parser)


def _versions(text: str) -> list[str]:
    named = [version for version in text.split(",") if version]
    if not named:
        raise argparse.ArgumentTypeError(f'"{text}" names no version')
    return named


def run(args: argparse.Namespace) -> int:
    """Carry the command out and return its exit status."""
    selected = from_arguments(args.usage, args.binding or ["c"])
    target = cases.find(args.model, args.tags)
    console = Console(stderr=args.json)
    journal = Journal(claim_free(paths.build_dir() / "versions") / "results.jsonl", echo=args.json)
    journal.begin(["stele", *sys.argv[1:]])
    with console.status("fetching …") as status:
        base = versions.installed()
        others = list(dict.fromkeys(map(versions.find, args.tensorflow)))
        status.update("comparing …")
        planned = _plan(args, target, journal.file.parent)
        for binding in selected:
            workers = journal.file.parent / "workers"
            Upgrades(binding, workers, journal, args.config).check(planned, base, others)
    exit_status = int(any(one.red for one in journal.of(Upgrade)))
    journal.end(exit_status)
    if not args.json:
        _show(console, journal)
    return exit_status


def _plan(args: argparse.Namespace, target: cases.Target, out: Path) -> plan.Plan:
    found = cases.collect(target, out / "inputs", signature=args.signature, inputs=args.inputs)
    return plan.make(target, found, out, bad=False)


def _show(console: Console, journal: Journal) -> None:
    unfold(console)
    header = ("binding", "TensorFlow", "identical bits", "furthest", "other predictions")
    records = journal.of(Upgrade)
    rows = []
    for binding, version in dict.fromkeys((one.binding, one.tensorflow) for one in records):
        mine = [one for one in records if (one.binding, one.tensorflow) == (binding, version)]
        rows.append((binding, version, *_cells(mine)))
    console.print(table_of(header, *rows, no_wrap=False))
    red = [one for one in records if one.red]
    for one in red[:_MOST_LINES]:
        text = f"{one.binding}, TensorFlow {one.tensorflow}, {one.case}: {one.detail}"
        console.print(foreign(text), soft_wrap=True)
    if len(red) > _MOST_LINES:
        console.print(f"… and {len(red) - _MOST_LINES} more in the results file")
    text = f"held against what is installed: {place()}; {machine()['date']}"
    console.print(text, style="dim", markup=False, soft_wrap=True)
    console.print(f"results: {journal.file}", soft_wrap=True, markup=False)


def _cells(records: list[Upgrade]) -> tuple[str, str, str]:
    """Return how many cases have the base's bits, the largest distance, and how many fail."""
    compared = [one for one in records if one.identical is not None]
    same = sum(bool(one.identical) for one in compared)
    distances = [tensor["ulp"] for one in compared for tensor in one.tensors if "ulp" in tensor]
    furthest = f"{max(distances)} ULP" if distances else "-"
    red = sum(one.red for one in records)
    refused = any(one.outcome is Outcome.ERROR and one.case == plan.LOAD_CASE for one in records)
    return f"{same}/{len(compared)}", furthest, "not loaded" if refused else str(red or "none")
