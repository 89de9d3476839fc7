"""Tells make whether the bindings of a folder can be built on this machine.

    python -m stele.parity.toolchain FOLDER

Exit status 0 when they can; 1, with a line on stderr, when a toolchain is missing.
"""

from __future__ import annotations

import argparse
import sys

from stele import paths
from stele.parity.binding import SetupError, read


def main() -> int:
    """Check the toolchains of one folder's bindings."""
    parser = argparse.ArgumentParser(description="can these bindings be built here?")
    parser.add_argument("folder")
    file = paths.bindings_dir() / parser.parse_args().folder / "binding.toml"
    for binding in read(file):
        if binding.comparator:
            continue
        try:
            binding.require_toolchain()
        except SetupError as error:
            print(f"{binding.id}: setup: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
