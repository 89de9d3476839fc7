"""``stele report``: the comparison that people choose a binding from."""

from __future__ import annotations

import argparse
from pathlib import Path

from stele import marked, paths
from stele.contract.codes import from_os_error
from stele.parity.binding import discover
from stele.report import page, report, runs, text

MARKS = "stele report"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's options."""
    parser = subparsers.add_parser(
        "report",
        help="one page that compares all bindings, from the records of runs",
        description="Makes one HTML file, which needs no server and no network, from the records "
        "of stele check and stele bench: which binding, what each does, whose bits are Python's, "
        "what a call costs. Runs of several machines, or with oneDNN on and off, merge into one.",
        epilog="exit status: 0 written, 2 usage, 3 no such run, or nothing in it",
    )
    parser.add_argument(
        "runs", nargs="*", type=Path, metavar="RUN.jsonl",
        help="default: the last stele check and stele bench of this checkout",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: build/report/index.html")
    parser.add_argument(
        "--update", type=Path, metavar="FILE", help="also write the tables into this Markdown file"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the page; return the exit status."""
    files = args.runs or [
        paths.build_dir() / command / "results.jsonl" for command in ("check", "bench")
    ]
    found = report.make(runs.read(files), discover())
    out: Path = args.out or paths.build_dir() / "report" / "index.html"
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(page.render(found), encoding="utf-8")
    except OSError as error:
        raise from_os_error(error) from error
    if args.update is not None:
        marked.replace(args.update, MARKS, text.render(found.tables, found.advice))
    print(out)
    return 0
