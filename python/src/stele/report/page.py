"""The report as one HTML file that needs nothing else."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from html import escape
from importlib import resources
from string import Template

from stele.report.report import Report
from stele.report.tables import Cell, Table

# `100.0 µs [98.0, 102.0]`: what a bar is drawn of.
_TIME = re.compile(r"([\d.]+) (µs|ms) \[([\d.]+), ([\d.]+)\]")
_NANOSECONDS = {"µs": 1e3, "ms": 1e6}


def render(report: Report) -> str:
    """Return the page."""
    sections = [_section(table, report.data["rows"]) for table in report.tables]
    if report.advice:
        lines = "".join(f"<li>{escape(line)}</li>" for line in report.advice)
        sections.insert(1, f"<h2>Where something else is the answer</h2><ul>{lines}</ul>")
    # Inside a script element only the end of one has a meaning.
    data = json.dumps(report.data, ensure_ascii=False).replace("<", "\\u003c")
    return Template(_part("page.html")).substitute(
        style=_part("page.css"),
        sections="\n".join(sections),
        data=data,
        script=Template(_part("page.js")).substitute(),
    )


def _part(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _section(table: Table, keys: Sequence[str]) -> str:
    name = re.sub(r"[^a-z]+", "-", table.title.lower()).strip("-")
    lead = f'<p class="lead">{escape(table.lead)}</p>' if table.lead else ""
    heads = "".join(_head(column) for column in table.columns)
    bars = _Bars(table)
    body = []
    for number, row in enumerate(table.rows):
        binding = table.bindings[number] if table.bindings else ""
        key = keys[number] if _has_factors(table) and number < len(keys) else ""
        cells = [
            _cell(cell, column, key, bars.of(cell) if column == "call" else "")
            for cell, column in zip(row, table.columns, strict=True)
        ]
        mark = f' data-binding="{escape(binding)}"' if binding else ""
        body.append(f"<tr{mark}>{''.join(cells)}</tr>")
    return (
        f'<section aria-labelledby="{name}"><h2 id="{name}">{escape(table.title)}</h2>{lead}'
        f'<div class="scroll" tabindex="0" role="region" aria-labelledby="{name}">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(body)}</tbody></table></div></section>"
    )


def _has_factors(table: Table) -> bool:
    return any(column.startswith("over ") for column in table.columns)


def _head(column: str) -> str:
    versus = f' data-versus="{escape(column)}"' if column.startswith("over ") else ""
    return f'<th scope="col"{versus}>{escape(column)}</th>'


def _cell(cell: Cell, column: str, key: str, bar: str) -> str:
    text = escape(cell.text)
    if column.startswith("over ") and key:
        return f'<td data-factor="{escape(key)}" data-first="{text}">{text}</td>'
    if cell.text.startswith("https://"):
        text = f'<a href="{text}">{text}</a>'
    tone = f' class="{cell.tone}"' if cell.tone else ""
    if not (cell.note or cell.command):
        return f"<td{tone}>{text}{bar}</td>"
    note = f"<p>{escape(cell.note)}</p>" if cell.note else ""
    command = f"<p><code>{escape(cell.command)}</code></p>" if cell.command else ""
    return f"<td{tone}><details><summary>{text}</summary>{note}{command}</details></td>"


class _Bars:
    """Intervals of one table's calls on one logarithmic scale."""

    def __init__(self, table: Table) -> None:
        found = [_interval(cell.text) for row in table.rows for cell in row]
        values = [value for interval in found if interval for value in interval if value > 0]
        self._low = math.log(min(values, default=1))
        self._span = math.log(max(values, default=1)) - self._low or 1.0

    def of(self, cell: Cell) -> str:
        """Return a bar from the least of all to this median, and its interval over it."""
        interval = _interval(cell.text)
        if interval is None or min(interval) <= 0:
            return ""
        value, low, high = (
            4 + 188 * (math.log(number) - self._low) / self._span for number in interval
        )
        return (
            f'<svg class="interval" viewBox="0 0 196 16" aria-hidden="true">'
            f'<rect x="0" y="6" width="{value:.1f}" height="4"/>'
            f'<line x1="{low:.1f}" x2="{high:.1f}" y1="8" y2="8"/>'
            f'<line x1="{low:.1f}" x2="{low:.1f}" y1="3" y2="13"/>'
            f'<line x1="{high:.1f}" x2="{high:.1f}" y1="3" y2="13"/></svg>'
        )


def _interval(text: str) -> tuple[float, float, float] | None:
    """Return median, low and high in nanoseconds of a time with an interval."""
    found = _TIME.fullmatch(text)
    if not found:
        return None
    unit = _NANOSECONDS[found[2]]
    return float(found[1]) * unit, float(found[3]) * unit, float(found[4]) * unit
