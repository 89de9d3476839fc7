"""The report as one HTML file that needs nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html import escape
from importlib import resources
from string import Template

from stele.report import plots
from stele.report.report import Report
from stele.report.tables import Cell, Plot, Table


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
    drawn = "".join(map(_figure, table.plots))
    body = []
    for number, row in enumerate(table.rows):
        binding = table.bindings[number] if table.bindings else ""
        key = keys[number] if _has_factors(table) and number < len(keys) else ""
        cells = [_cell(cell, column, key) for cell, column in zip(row, table.columns, strict=True)]
        mark = f' data-binding="{escape(binding)}"' if binding else ""
        body.append(f"<tr{mark}>{''.join(cells)}</tr>")
    return (
        f'<section aria-labelledby="{name}"><h2 id="{name}">{escape(table.title)}</h2>{lead}{drawn}'
        f'<div class="scroll" tabindex="0" role="region" aria-label="Table: {escape(table.title)}">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(body)}</tbody></table></div></section>"
    )


def _figure(plot: Plot) -> str:
    """Draw a plot; whoever cannot see it reads the table, which has the same figures."""
    title = escape(plot.title)
    return (
        f'<figure><figcaption>{title}</figcaption><div class="scroll">'
        f'<div role="img" aria-label="{title}: the figures of the table below">'
        f"{plots.svg(plot)}</div></div></figure>"
    )


def _has_factors(table: Table) -> bool:
    return any(column.startswith("over ") for column in table.columns)


def _head(column: str) -> str:
    versus = f' data-versus="{escape(column)}"' if column.startswith("over ") else ""
    return f'<th scope="col"{versus}>{escape(column)}</th>'


def _cell(cell: Cell, column: str, key: str) -> str:
    text = escape(cell.text)
    if column.startswith("over ") and key:
        return f'<td data-factor="{escape(key)}" data-first="{text}">{text}</td>'
    if cell.text.startswith("https://"):
        text = f'<a href="{text}">{text}</a>'
    tone = f' class="{cell.tone}"' if cell.tone else ""
    if not (cell.note or cell.command):
        return f"<td{tone}>{text}</td>"
    note = f"<p>{escape(cell.note)}</p>" if cell.note else ""
    command = f"<p><code>{escape(cell.command)}</code></p>" if cell.command else ""
    return f"<td{tone}><details><summary>{text}</summary>{note}{command}</details></td>"
