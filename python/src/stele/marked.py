"""Text that a command writes into a file that people write otherwise: between two marks."""

from __future__ import annotations

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
