"""``stele train``: train zoo models and export them, unless they are up to date."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from stele import marked, paths, zoo
from stele.contract.codes import SteleError
from stele.zoo import coverage
from stele.zoo.model import Report
from stele.zoo.train import BelowBarError, Metrics, ensure, read_metrics

# The marks around the table that --update writes.
COVERAGE = "stele train"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``stele train``."""
    parser = subparsers.add_parser(
        "train",
        help="train the zoo's models and export them",
        description=(
            "Train zoo models on real data and export each as a SavedModel, with the .keras "
            "file, test cases and metrics beside it. A model that is up to date is left alone."
        ),
        epilog="models: "
        + "; ".join(f"{entry.name}: {entry.summary}" for entry in zoo.REGISTRY.values()),
    )
    parser.add_argument(
        "models",
        nargs="*",
        metavar="MODEL",
        type=_model_name,
        help=f"default: {' '.join(zoo.DEFAULT)}",
    )
    parser.add_argument("--force", action="store_true", help="train models that are up to date too")
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: build/models")
    parser.add_argument("--json", action="store_true", help="metrics as JSON on stdout")
    parser.add_argument(
        "--update", type=Path, metavar="FILE", help="also write the table of what the zoo has of "
        "Keras into this Markdown file",
    )  # fmt: skip
    parser.set_defaults(run=run)


def _model_name(name: str) -> str:
    try:
        return zoo.find(name).name
    except SteleError as error:
        raise argparse.ArgumentTypeError(error.message) from error


def run(args: argparse.Namespace) -> int:
    """Train; 0 when every model is there, 1 when one missed its accuracy bar."""
    root = args.out if args.out is not None else paths.models_dir()
    errors = Console(stderr=True)
    all_metrics, missed = [], False
    with _progress(errors) as start:
        for name in args.models or zoo.DEFAULT:
            try:
                folder = ensure(name, root, force=args.force, report=start(name))
                all_metrics.append(read_metrics(folder))
            except BelowBarError as error:
                missed = True
                all_metrics.append(error.metrics)
                errors.print(f"stele: {error}", style="red", markup=False)
    if args.json:
        print(json.dumps(all_metrics, indent=2, ensure_ascii=False))
    else:
        _print_summary(all_metrics, Console())
    if args.update is not None:
        marked.replace(args.update, COVERAGE, coverage.table(root))
    return 1 if missed else 0


@contextmanager
def _progress(console: Console) -> Iterator[Callable[[str], Report]]:
    """Show a bar for each model that is trained; in a log, a line for each epoch."""
    if not console.is_terminal:
        yield (
            lambda name: (
                lambda done, total, note: console.print(
                    f"training {name} {done}/{total} {note}", highlight=False
                )
            )
        )
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=console) as progress:

        def start(name: str) -> Report:
            task = progress.add_task(f"training {name}", note="", visible=False)

            def report(done: int, total: int, note: str) -> None:
                progress.update(task, completed=done, total=total, note=note, visible=True)

            return report

        yield start


def _print_summary(all_metrics: list[Metrics], console: Console) -> None:
    table = Table("model", box=None, pad_edge=False, header_style="bold")
    for heading in ("held-out accuracy", "majority class", "trained on", "held out", "cases", "s"):
        table.add_column(heading, justify="right")
    for metrics in all_metrics:
        table.add_row(
            metrics["model"],
            _share(metrics["accuracy"]),
            _share(metrics["majority_share"]),
            str(metrics["train_size"] or "-"),
            str(metrics["heldout_size"] or "-"),
            str(metrics["cases"]),
            f"{metrics['seconds']:.1f}",
        )
    console.print(table)
    for metrics in all_metrics:
        if (known_bad := metrics["known_bad"]) is not None:
            console.print(
                f"{metrics['model']} is known bad ({known_bad['link']}): {known_bad['reason']}",
                markup=False,
                highlight=False,
            )


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2%}"
