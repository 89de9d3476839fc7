"""The tables of ``bindings/contract/``, which no test types again."""

from __future__ import annotations

from stele import paths


def rows(name: str, *columns: str) -> list[list[str]]:
    """Return the rows of a table; a column or a field too many is an error."""
    text = (paths.bindings_dir() / "contract" / name).read_text(encoding="utf-8")
    header, *lines = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    assert header == list(columns)
    assert lines
    assert all(len(line) == len(columns) for line in lines)
    return lines
