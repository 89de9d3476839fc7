"""Tables of what became of calls."""

from __future__ import annotations

from stele.parity.record import machine
from tests.ray.environment import RAY
from tests.ray.load import Tally

_COLUMNS = ("client", "calls", "failed", "bits differ", "median", "95%", "99%", "longest")


def table(tallies: dict[str, Tally], what: str) -> str:
    """Return a table in Markdown, with machine, versions and date.

    Args:
        tallies: A line each.
        what: Was done.
    """
    where = machine()
    return "\n".join(
        [
            "| " + " | ".join(_COLUMNS) + " |",
            "|---" + "|---:" * (len(_COLUMNS) - 1) + "|",
            *("| " + " | ".join(_cells(name, tally)) + " |" for name, tally in tallies.items()),
            "",
            f"{what}; {where['machine']}; Ray {RAY.version()}, TensorFlow {where['tensorflow']}, "
            f"Python {where['python']}; {where['date']}.",
        ]
    )


def _cells(name: str, tally: Tally) -> list[str]:
    failed = ", ".join(f"{count} {code}" for code, count in tally.failed.items()) or "0"
    times = [f"{tally.milliseconds(percent):.1f} ms" for percent in (50, 95, 99, 100)]
    return [name, f"{tally.calls:,}", failed, str(tally.differ), *times]
