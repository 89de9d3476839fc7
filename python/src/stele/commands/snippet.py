"""``stele snippet``: a program that runs a model, in the language of a binding."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from stele.contract.codes import from_os_error
from stele.parity import case as cases
from stele.parity.binding import discover, one_from_arguments
from stele.snippet import program
from stele.snippet.program import Program


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's options."""
    parser = subparsers.add_parser(
        "snippet",
        help="write a program that runs a model, in the language of a binding",
        description="Prints a complete program that loads a zoo model or a SavedModel folder, runs "
        "one of its signatures through a binding and prints every output: its name, dtype and "
        "shape, then its elements in a row. Inputs have the names, dtypes and shapes of the "
        "signature, and values that are made up. The program begins with a comment that says "
        "what to type to run it.",
        epilog="exit status: 0 written, 2 usage, 3 could not be written",
    )
    parser.add_argument(
        "model", metavar="MODEL|DIR", nargs="?", help="a zoo model or a SavedModel folder"
    )
    parser.add_argument("--binding", metavar="B", help="whose language and library")
    parser.add_argument(
        "--signature", metavar="S", help="default: serving_default, or the only one there is"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="write the program there, and print the commands"
    )
    parser.add_argument(
        "--list", action="store_true", help="the bindings that programs are written for, no more"
    )
    parser.add_argument(
        "--json", action="store_true", help="the program, its file name and the commands as JSON"
    )
    parser.set_defaults(run=run, usage=parser)


def run(args: argparse.Namespace) -> int:
    """Write the program and return the exit status."""
    if args.list:
        return _list()
    if args.model is None or args.binding is None:
        args.usage.error("a MODEL|DIR and a --binding are wanted; --list has the bindings")
    binding = one_from_arguments(args.usage, args.binding)
    written = program.write(cases.find(args.model), binding, args.signature)
    if args.out is not None:
        try:
            args.out.write_text(written.text, encoding="utf-8")
        except OSError as error:
            raise from_os_error(error) from error
    if args.json:
        sys.stdout.write(json.dumps(_as_json(written), indent=2, ensure_ascii=False) + "\n")
    elif args.out is not None:
        _print_commands(written)
    else:
        sys.stdout.write(written.text)
    return 0


def _list() -> int:
    for binding in discover().values():
        if binding.snippet is not None:
            print(f"{binding.id:<16} {binding.language}: {binding.summary}")
    return 0


def _print_commands(written: Program) -> None:
    """Print what to type, as it stands in the program too."""
    print(f"# in an empty folder, with the program as {written.file}")
    print("\n".join(written.commands.lines()))


def _as_json(written: Program) -> dict[str, object]:
    return {
        "binding": written.binding,
        "signature": written.signature,
        "file": written.file,
        "program": written.text,
        **asdict(written.commands),
    }
