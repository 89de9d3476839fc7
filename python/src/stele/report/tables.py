"""A table before it is a page's or a text's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        text: What both forms show.
        tone: ``good``, ``near``, ``far``, ``bad`` or ``grey``; empty for none.
        note: What the page shows when one asks for more.
        command: That shows this cell again.
    """

    text: str
    tone: str = ""
    note: str = ""
    command: str = ""


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes:
        title: Its heading.
        lead: What one has to know to read it.
        columns: Their names.
        rows: Cells; as many in each as there are columns.
        bindings: For each row the binding that it speaks of; empty where it is of none.
    """

    title: str
    lead: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    bindings: Sequence[str] = field(default=())


def plain(rows: Sequence[Sequence[str]]) -> list[list[Cell]]:
    """Make cells of texts."""
    return [[Cell(text) for text in row] for row in rows]
