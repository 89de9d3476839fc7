"""Names that act on a terminal, or look like markup, are shown as text."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from stele.cli import COULD_NOT_RUN, main
from stele.commands import replay
from stele.contract.printable import printable
from stele.parity import level, plan, report
from stele.parity.case import Target
from stele.parity.record import Journal, Link, Outcome, Result
from stele.savedmodel.effects import Effects


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


def test_an_error_of_a_command_shows_names_as_text(tmp_path: Path, capsys) -> None:
    folder = tmp_path / "net[v2]\x1b]0;x\x07"
    for command in (["inspect", str(folder)], ["check", str(folder)], ["replay", str(folder)]):
        assert main(command) == COULD_NOT_RUN
        message = capsys.readouterr().err
        assert message.replace("\n", "").isprintable()
        assert "net[v2]\\x1b]0;x\\x07" in message


def test_a_replay_shows_what_came_as_text(tmp_path: Path, capsys, monkeypatch) -> None:
    wrong = Result("m", "c", "s/batch1", "s", Outcome.MISMATCH, "says \x1b[2J[red]\nand more")
    monkeypatch.setattr(replay, "replay", lambda _: (wrong, tmp_path / "log"))
    monkeypatch.setattr(replay.failure, "read", lambda _: None)
    assert main(["replay", str(tmp_path)]) == 1
    assert "says \\x1b[2J[red]\nand more\n" in capsys.readouterr().out


def test_a_level_that_is_not_reached_shows_why_as_text(monkeypatch) -> None:
    monkeypatch.setattr(level.Ladder, "__post_init__", lambda _: None)
    monkeypatch.setattr(level.Ladder, "problems", lambda *_: iter(["net[v2]\x1b[2J[red]"]))
    out = io.StringIO()
    assert level.climb(SimpleNamespace(id="c"), 1, Console(file=out, width=200)) == 1
    assert "  net[v2]\\x1b[2J[red]\n" in out.getvalue()


def test_what_a_run_does_is_said_before(tmp_path: Path) -> None:
    target = Target("net[v2]", tmp_path)
    planned = plan.Plan(target, [], effects={"s\x1b": Effects(reads_files=("ReadFile",))})
    out = io.StringIO()
    report.show_effects(Console(file=out, width=200), [planned])
    assert out.getvalue() == 'note net[v2]: signature "s\\x1b" reads files (ReadFile)\n'
