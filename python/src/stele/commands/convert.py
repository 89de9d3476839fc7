"""``stele convert``: a SavedModel for other runtimes."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from stele.commands import options
from stele.contract.codes import Code, SteleError
from stele.contract.printable import printable
from stele.convert import conversion
from stele.convert.conversion import Report
from stele.convert.formats import FORMATS
from stele.convert.request import Request
from stele.parity import case as cases
from stele.parity.report import foreign

# Exit statuses: some signatures were converted, none was.
SOME, NONE = 1, 3


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's options."""
    parser = subparsers.add_parser(
        "convert",
        help="convert a SavedModel to ONNX, TensorFlow.js or LiteRT, or freeze it",
        description="Converts every signature of a zoo model or a SavedModel folder, keeping the "
        "names of its inputs and outputs, and writes converted.json, which says what came out. "
        "frozen makes SavedModels, one for each signature, whose variables are constants. "
        "A converted model gives other bits than TensorFlow: stele check measures how far off.",
        epilog=f"exit status: 0 all converted, {SOME} some signatures were not, 2 usage, "
        f"{NONE} none was",
    )
    parser.add_argument("model", metavar="MODEL|DIR", help="a zoo model or a SavedModel folder")
    parser.add_argument("--to", required=True, choices=FORMATS, help="the format")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="default: build/converted/<fingerprint>, where "
        "what has been converted before is found again",
    )  # fmt: skip
    options.add_signature(parser)
    parser.add_argument(
        "--batch", type=_positive, metavar="N", help="fix every unknown leading dimension at "
        "this size, for runtimes that want fixed shapes (LiteRT.js)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="the folder and converted.json")
    parser.set_defaults(run=run)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is no batch size")
    return number


def run(args: argparse.Namespace) -> int:
    """Convert; return the exit status."""
    if not args.json:
        return _convert(args)
    try:
        return _convert(args)
    except SteleError as error:
        failure = {"error": {"code": error.code.name, "message": error.message}}
        print(json.dumps(failure, ensure_ascii=False))
        return NONE


def _convert(args: argparse.Namespace) -> int:
    target = cases.find(args.model, args.tags)
    request = Request(target, FORMATS[args.to], args.signature, args.batch)
    with _progress(
        Console(stderr=True), f"{foreign(target.name)} to {request.format.title}"
    ) as report:
        folder, manifest = conversion.convert(request, args.out, report)
    signatures: dict[str, dict[str, Any]] = manifest["signatures"]
    if args.json:
        print(json.dumps({"folder": str(folder), **manifest}, ensure_ascii=False))
    else:
        _show(Console(), folder, manifest)
    converted = [entry for entry in signatures.values() if not entry["problem"]]
    if args.signature is not None and not converted and not args.json:
        problem = signatures[args.signature]["problem"]
        raise SteleError(Code.UNIMPLEMENTED, f'signature "{args.signature}": {problem}')
    if not converted:
        return NONE
    return 0 if len(converted) == len(signatures) else SOME


def _show(console: Console, folder: Path, manifest: dict[str, Any]) -> None:
    versions = ", ".join(f"{name} {version}" for name, version in manifest["versions"].items())
    for name, entry in manifest["signatures"].items():
        if entry["problem"]:
            text = f"[yellow]not converted[/] {foreign(name)}: {foreign(entry['problem'])}"
        else:
            made = f"{entry['file']}, {entry['bytes']:,} bytes"
            text = f"[green]converted[/] {foreign(name)}: {foreign(made)}"
        console.print(text, soft_wrap=True, highlight=False)
    console.print(
        f"{printable(str(folder))} ({versions})", soft_wrap=True, highlight=False, markup=False
    )


@contextmanager
def _progress(console: Console, what: str) -> Iterator[Report]:
    """Show a bar on a terminal; elsewhere say nothing until the end."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task(what, total=None)

        def report(doing: str, done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, description=f"{what}: {doing}")

        yield report
