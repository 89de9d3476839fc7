"""The command ``stele``."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from importlib import metadata

from stele.contract.codes import SteleError
from stele.contract.printable import printable_lines

# Each is a module of `stele.commands` that has `add_parser(subparsers)`.
COMMANDS = (
    "doctor",
    "libtensorflow",
    "libstele",
    "train",
    "inspect",
    "check",
    "bench",
    "soak",
    "tune",
    "versions",
    "report",
    "convert",
    "snippet",
    "replay",
    "serve",
    "predict",
    "web",
    "new-binding",
)

COULD_NOT_RUN = 3


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stele",
        description="One TensorFlow SavedModel, every language, the same answer.",
        epilog="exit status: 0 all well, 1 a mismatch, 2 usage, 3 could not run",
    )
    parser.add_argument(
        "--version", action="version", version=f"stele {metadata.version('tf-stele')}"
    )
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    # A command that is named pays for its own imports only; --help for all.
    named = [word for word in arguments[:1] if word in COMMANDS]
    for command in named or COMMANDS:
        module = importlib.import_module(f"stele.commands.{command.replace('-', '_')}")
        module.add_parser(subparsers)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parsed = _parser(arguments).parse_args(arguments)
    try:
        status: int = parsed.run(parsed)
        sys.stdout.flush()
    except SteleError as error:
        print(f"stele: {printable_lines(str(error))}", file=sys.stderr)
        return COULD_NOT_RUN
    except KeyboardInterrupt:
        print("\nstele: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output has left (`stele inspect … | head`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


if __name__ == "__main__":
    sys.exit(main())
