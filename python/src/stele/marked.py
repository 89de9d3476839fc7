"""Text that a command writes into a file that people write otherwise: between two marks.

    python -m stele.marked README.md NAME table.md

is for benchmarks that are not written in Python.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from stele.contract.codes import Code, SteleError


def replace(file: Path, name: str, text: str) -> None:
    """Replace what stands between ``<!-- NAME: begin -->`` and ``<!-- NAME: end -->``.

    Raises:
        SteleError: FAILED_PRECONDITION when the file has no such marks.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, found, rest = file.read_text().partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise SteleError(
            Code.FAILED_PRECONDITION, f'"{file}" has no lines {begin} and {end} to write between'
        )
    file.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def main() -> int:
    """Replace what stands between two marks by the text of a file."""
    parser = argparse.ArgumentParser(description="write a text between two marks of a file")
    parser.add_argument("file", type=Path)
    parser.add_argument("name", help="of the marks")
    parser.add_argument("text", type=Path, help="the file with the text")
    args = parser.parse_args()
    try:
        replace(args.file, args.name, args.text.read_text().rstrip("\n"))
    except (OSError, SteleError) as error:
        print(f"stele.marked: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
