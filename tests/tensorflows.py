"""Fetches the C libraries of older TensorFlows that tests run with.

python -m tests.tensorflows
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from stele import paths
from stele.libtensorflow import versions
from stele.libtensorflow.versions import HERE

_PINS = Path(__file__).with_suffix(".txt")
_PIN = re.compile(r"^tensorflow-cpu==(\S+) --hash=\S+$", re.MULTILINE)

# Version to its line.
PINS = {match[1]: match[0] for match in _PIN.finditer(_PINS.read_text())}


def folder(version: str) -> Path:
    """Return where the libraries of a version are, once they are fetched."""
    return paths.build_dir() / "tensorflows" / version


def main() -> int:
    """Fetch all that are not here."""
    if not HERE:
        print("tensorflow-cpu exists for x86-64 Linux alone", file=sys.stderr)
        return 0
    for version, requirement in PINS.items():
        if not folder(version).is_dir():
            print(f"fetching TensorFlow {version} into {folder(version)}", flush=True)
            versions.fetch(requirement)
    return 0


if __name__ == "__main__":
    sys.exit(main())
