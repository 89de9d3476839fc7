"""Names that act on a terminal, or look like markup, are shown as text."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from stele.contract.printable import printable
from stele.parity import report
from stele.parity.record import Journal, Link, Outcome, Result


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("文字 🗿 naïve", "文字 🗿 naïve"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("a\nb\r\tc\0", "a\\nb\\r\\tc\\x00"),
        ("\u202eevil\ud800\U000e0001", "\\u202eevil\\ud800\\U000e0001"),
    ],
)
def test_nothing_acts_on_a_terminal(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(text).isprintable()


def test_a_report_shows_names_as_text(tmp_path: Path) -> None:
    evil = "net[v2]\x1b]0;x\x07[red]"
    journal = Journal(tmp_path / "results.jsonl")
    wrong = Result(
        evil, "c", f"{evil}/batch1", evil, Outcome.MISMATCH, f"says {evil}", retried=evil
    )
    journal.add(wrong)
    journal.add(Result(evil, "js", evil, evil, Outcome.UNSUPPORTED, evil))
    journal.add(Link(evil, "link", ok=False, detail=evil))
    out = io.StringIO()
    report.show(Console(file=out, width=200), journal, [])
    text = out.getvalue()
    assert text.replace("\n", "").isprintable()
    assert text.count("net[v2]\\x1b]0;x\\x07[red]") >= 8
