"""The report as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from stele.bench.table import markdown
from stele.report.tables import Table


def render(tables: Sequence[Table], advice: Sequence[str]) -> str:
    """Return all tables, the advice behind the first one."""
    parts = []
    for number, table in enumerate(tables):
        parts += [f"## {table.title}"]
        parts += [table.lead] if table.lead else []
        parts += [markdown([list(table.columns), *([c.text for c in row] for row in table.rows)])]
        parts += [f"- {line}" for line in advice] if number == 0 else []
    return "\n\n".join(parts)
