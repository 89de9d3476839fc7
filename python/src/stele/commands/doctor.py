"""``stele doctor``: what is installed, what is missing, and how to install it.

    PYTHONPATH=python/src python3 -m stele.commands.doctor

is the same before anything is installed.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterable, Iterator, Sequence

from stele.parity import tool
from stele.parity.diagnosis import Diagnosis, diagnose
from stele.parity.tool import MANAGERS

# Exit status.
MISSING = 3

_READY = "Ready for make demo and make test."


def _text(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield the lines that show what was found, and what to do about it."""
    yield from _table(
        ("", "what", "for", "found"),
        [(entry.state, entry.name, entry.purpose, entry.detail) for entry in diagnosis.findings],
    )
    if diagnosis.bindings:
        yield ""
        yield from _table(
            ("", "binding", "language", ""),
            [(entry.state, entry.id, entry.language, entry.detail) for entry in diagnosis.bindings],
        )
    command = tool.install_command(diagnosis.tools(optional=True))
    if command:
        yield from ("", f"Install what is missing: {command}")
    for hint in _hints(diagnosis):
        yield from ("", f"Install {hint}")
    needed = ", ".join(entry.name for entry in diagnosis.missing if entry.required)
    verdict = f"Not ready for make demo and make test: {needed}." if needed else _READY
    yield from ("", verdict)


def _hints(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield what to do about tools that the package manager here has not, or not new enough."""
    here = tool.manager()
    names: dict[str, list[str]] = {}
    for missing in diagnosis.tools(optional=True):
        if not here or not missing.packages(here):
            names.setdefault(missing.install or "with your package manager", []).append(
                missing.name
            )
    return (f"{', '.join(tools)}: {hint}" for hint, tools in names.items())


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    columns = range(len(header))
    widths = [max(len(row[column]) for row in (header, *rows)) for column in columns]
    for row in (header, *rows):
        yield "  ".join(map(str.ljust, row, widths)).rstrip()


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``stele doctor``."""
    parser = subparsers.add_parser(
        "doctor", help="what is installed, what is missing, how to install it"
    )
    _options(parser)


def _options(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Show the toolchains and libraries that are here, what is missing, which bindings that "
        "leaves out, and the one command that installs it."
    )
    parser.epilog = (
        f"exit status: 0 when make demo and make test can run, {MISSING} when they cannot"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="everything, as JSON")
    form.add_argument(
        "--apt",
        action="store_true",
        help="only the Debian packages that make demo and make test miss, one per line",
    )
    parser.add_argument("--all", action="store_true", help="with --apt: the optional ones too")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the diagnosis."""
    diagnosis = diagnose()
    if args.apt:
        lines: Iterable[str] = dict.fromkeys(
            name
            for missing in diagnosis.tools(optional=args.all)
            for name in missing.packages("apt")
        )
    elif args.json:
        lines = [json.dumps(_json(diagnosis), indent=2, ensure_ascii=False)]
    else:
        lines = _text(diagnosis)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    # A list of packages that could be made is a success, however long it is.
    return 0 if args.apt or diagnosis.ready else MISSING


def _json(diagnosis: Diagnosis) -> dict[str, object]:
    return {
        "ready": diagnosis.ready,
        "install": tool.install_command(diagnosis.tools(optional=True)),
        "findings": [
            {
                "name": entry.name,
                "state": entry.state,
                "detail": entry.detail,
                "purpose": entry.purpose,
                "required": entry.required,
                "packages": {
                    manager: entry.tool.packages(manager) if entry.tool is not None else []
                    for manager in (*MANAGERS, "pip")
                },
            }
            for entry in diagnosis.findings
        ],
        "bindings": [dataclasses.asdict(entry) for entry in diagnosis.bindings],
    }


if __name__ == "__main__":
    alone = argparse.ArgumentParser(prog="stele doctor")
    _options(alone)
    sys.exit(run(alone.parse_args()))
