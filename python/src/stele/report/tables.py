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


# Medians with their intervals on a logarithmic scale, or parts of a whole.
INTERVALS, PARTS = "intervals", "parts"


@dataclass(frozen=True)
class Mark:
    """What a plot shows of one figure.

    Attributes:
        row: Beside which name.
        value: The median, or the size of the part.
        low: Where its interval begins; the value where it has none.
        high: Where it ends.
        series: Which colour and shape it has.
    """

    row: str
    value: float
    low: float
    high: float
    series: str


@dataclass(frozen=True)
class Plot:
    """A table's figures to be seen at a glance.

    Attributes:
        kind: `INTERVALS` or `PARTS`.
        title: What is shown, in words.
        unit: Of the values.
        marks: In the order of rows and series.
    """

    kind: str
    title: str
    unit: str
    marks: Sequence[Mark]


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes:
        title: Its heading.
        lead: What one has to know to read it.
        columns: Their names.
        rows: Cells; as many in each as there are columns.
        bindings: For each row the binding that it speaks of; empty where it is of none.
        plots: Of the same figures, for the page.
    """

    title: str
    lead: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    bindings: Sequence[str] = field(default=())
    plots: Sequence[Plot] = field(default=())


def plain(rows: Sequence[Sequence[str]]) -> list[list[Cell]]:
    """Make cells of texts."""
    return [[Cell(text) for text in row] for row in rows]
