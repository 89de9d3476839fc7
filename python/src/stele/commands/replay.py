"""``stele replay``: run a kept failure again."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from stele.contract.printable import printable, printable_lines
from stele.parity import failure
from stele.parity.record import Outcome
from stele.parity.replay import replay


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's options."""
    parser = subparsers.add_parser(
        "replay",
        help="run a kept failure again",
        description="Runs the one case of a failure folder again, in the binding that failed, "
        "and says what it answers now.",
        epilog="exit status: 0 it passes now, 1 it still fails, 3 could not run",
    )
    parser.add_argument("folder", type=Path, help="as printed by stele check")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Carry the command out and return its exit status."""
    result, log = replay(failure.read(args.folder))
    if args.json:
        print(json.dumps(asdict(result), ensure_ascii=False))
    else:
        print(f"{result.outcome}: {printable_lines(result.detail) or 'passes now'}")
        print(f"worker's log: {printable(str(log))}", file=sys.stderr)
    return 0 if result.outcome is Outcome.PASS else 1
