"""Tells make whether the bindings of a folder can be built on this machine.

    python -m stele.parity.toolchain FOLDER

Exit status 0 when one of them can, and in CI when all can; else 1. Each that cannot
has a line on stderr.
"""

from __future__ import annotations

import argparse
import os
import sys

from stele import paths
from stele.contract.codes import SteleError
from stele.parity.binding import SetupError, discover


def main() -> int:
    """Check the toolchains of one folder's bindings."""
    parser = argparse.ArgumentParser(description="can these bindings be built here?")
    parser.add_argument("folder", help="below bindings/")
    folder = (paths.bindings_dir() / parser.parse_args().folder).resolve()
    try:
        bindings = [binding for binding in discover().values() if binding.folder == folder]
    except SteleError as error:
        print(f"stele: {error}", file=sys.stderr)
        return 1
    claimed = [binding for binding in bindings if not binding.comparator]
    missing = 0
    for binding in claimed:
        try:
            binding.require_toolchain()
        except SetupError as error:
            print(f"{binding.id}: setup: {error}", file=sys.stderr)
            missing += 1
    strict = os.environ.get("CI") == "true"
    return int(missing > 0 and (strict or missing == len(claimed)))


if __name__ == "__main__":
    sys.exit(main())
