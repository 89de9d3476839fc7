"""``stele web``: draw a digit, and see what this page and Python read."""

from __future__ import annotations

import argparse
import sys
import webbrowser
from pathlib import Path

from rich.console import Console

from stele import paths, zoo
from stele.parity.case import find
from stele.web.layout import DIGITS, lay_out
from stele.web.python import Reference
from stele.web.server import Server
from stele.zoo.layout import SAVED_MODEL


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's options."""
    parser = subparsers.add_parser(
        "web",
        help="the page on which one draws a digit, and its server",
        description="Converts models for the browser, lays out a page of static files, and serves "
        "it on 127.0.0.1 with Python behind it. On the page one draws a digit and sees what the "
        "page and Python read, and the distance between them; and runs any model's parity cases.",
    )
    parser.add_argument(
        "models", nargs="*", metavar="MODEL|DIR", help="zoo models or SavedModel folders, besides "
        "digits (default: the zoo, as far as it is trained)",
    )  # fmt: skip
    parser.add_argument("--port", type=int, default=0, help="default: 0, which takes a free one")
    parser.add_argument(
        "--open", action=argparse.BooleanOptionalAction, default=sys.stdout.isatty(),
        help="open the page in a browser (default: on a terminal)",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: build/web")
    parser.add_argument(
        "--layout-only", action="store_true", help="write the files, for any other server; Python "
        "then answers for recorded samples only",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Lay out and serve until interrupted."""
    out = (args.out or paths.build_dir() / "web").resolve()
    console = Console(stderr=True)
    with console.status("") as status:
        targets = [find(name) for name in args.models or filter(_is_trained, zoo.BASIC)]
        lay_out(targets, out, lambda doing: status.update(f"{doing} …"))
    if args.layout_only:
        print(out)
        return 0
    with Reference(find(DIGITS)) as reference, Server(out, reference, args.port) as server:
        print(server.url, flush=True)
        if args.open:
            webbrowser.open(server.url)
        server.serve_forever()
    return 0


def _is_trained(name: str) -> bool:
    return name == DIGITS or (paths.models_dir() / name / SAVED_MODEL).exists()
