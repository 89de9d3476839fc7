"""``stele new-binding``: begin a binding in another language."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

from stele import paths
from stele.parity import scaffold


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's options."""
    parser = subparsers.add_parser(
        "new-binding",
        help="begin a binding in another language",
        description="Writes a folder with a binding.toml, a README and a worker of protocol level "
        "1 to grow from.",
    )
    parser.add_argument("id", help="lower-case letters, digits and dashes, such as ruby-ffi")
    parser.add_argument(
        "--in", type=Path, dest="root", metavar="DIR", help="begin it in this folder, which may be "
        "outside of the checkout (default: that of STELE_BINDINGS, else bindings/)",
    )  # fmt: skip
    parser.set_defaults(run=run, usage=parser)


def run(args: argparse.Namespace) -> int:
    """Carry the command out and return its exit status."""
    name: str = args.id
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        args.usage.error(f'"{name}" is no id: lower-case letters, digits and dashes')
    # The last root is where STELE_BINDINGS keeps what is not in the checkout.
    root = (args.root or paths.bindings_roots()[-1]).resolve()
    folder = scaffold.begin(name, root)
    # Only what is found without being told needs no variable.
    variable = "" if root in paths.bindings_roots() else f"STELE_BINDINGS={shlex.quote(str(root))} "
    print(f"{folder} is begun; next: {variable}stele check --binding {name} --level 1")
    return 0
