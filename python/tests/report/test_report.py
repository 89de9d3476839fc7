"""The page and the text say the same, figure by figure."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest

from stele.contract.codes import SteleError
from stele.parity.binding import discover
from stele.parity.record import Journal, Outcome, Result
from stele.report import page, report, runs, text
from stele.report.tables import Table

from . import journal


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> report.Report:
    file = tmp_path_factory.mktemp("report") / "results.jsonl"
    journal.write(file)
    return report.make(runs.read([file]), discover())


def test_page_and_text_agree_figure_by_figure(made: report.Report) -> None:
    html, markdown = page.render(made), text.render(made.tables, made.advice)
    cells = [
        re.sub(r"<(?:svg|p)\b.*?</(?:svg|p)>", "", cell, flags=re.S)
        for cell in re.findall(r"<td\b[^>]*>(.*?)</td>", html, re.S)
    ]
    shown = [unescape(re.sub(r"<[^>]+>", "", cell)) for cell in cells]
    written = []
    for table in re.findall(r"(?:^\|.*\n?)+", markdown, re.M):
        for row in table.strip().splitlines()[2:]:
            written += row.removeprefix("| ").removesuffix(" |").replace("\\|", "|").split(" | ")
    assert shown == written
    assert "300.0 µs [294.0, 306.0]" in shown
    assert "7 ULP" in shown


def test_the_answer_follows_from_the_figures(made: report.Report) -> None:
    answers = made.data["answers"]
    assert answers["any|embedded|time per call"].startswith("c (")
    assert answers["Rust|any|time per call"].startswith("rust (")
    assert answers["Rust|converted|time per call"].startswith("Nothing was measured")
    assert any("A converted model is faster here: python-onnx" in line for line in made.advice)


def test_the_page_needs_nothing_else(made: report.Report) -> None:
    html = page.render(made)
    assert not re.search(r"<(?:script|img|iframe)[^>]*\ssrc=|@import|url\(", html)
    assert re.findall(r"<link[^>]*href=\"([^\"]*)", html) == ["data:,"]
    assert "<digits>" not in html
    data = re.search(r'id="data">(.*?)</script>', html, re.S)
    assert data is not None
    assert json.loads(data[1])["factors"]["rust default one"]["c default one"].startswith("3.00 ×")


def table(made: report.Report, title: str) -> Table:
    return next(one for one in made.tables if one.title == title)


def texts(one: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in one.rows]


def test_plots_have_the_figures_of_their_table(made: report.Report) -> None:
    calls = table(made, "Calls, run A")
    shown = [(mark.row, mark.value, mark.series) for mark in calls.plots[0].marks]
    assert shown == [
        ("python-onnx", 50, "other bits"),
        ("c", 100, "TensorFlow's bits"),
        ("rust", 300, "TensorFlow's bits"),
    ]
    rates = calls.plots[1].marks
    assert {mark.series for mark in rates} == {"1 at once", "2 at once"}
    html = page.render(made)
    assert html.count("<figure>") == 3
    assert 'fill="var(--series-1)"' in html


def test_a_row_says_why_somebody_elses_binding_does_not_run(made: report.Report) -> None:
    absent = {row[0]: row[3] for row in texts(table(made, "Not to be run"))}
    assert absent["crystal-tensorflow"] == discover()["crystal-tensorflow"].reason


def test_examples_are_whole(made: report.Report) -> None:
    bindings = discover()
    code = bindings["rust"].code
    assert code is not None
    assert made.data["examples"]["rust"] == code.read_text()
    assert [one.id for one in bindings.values() if one.example and not one.code] == []


def test_what_differs_between_runs(tmp_path: Path) -> None:
    same, other = Outcome.PASS, Outcome.DIFFERS
    for name, outcome in (("a", same), ("b", other)):
        run = Journal(tmp_path / name)
        run.begin(["stele", "check"])
        run.add(Result("digits", "c", "none", "s", outcome))
        run.add(Result("digits", "c", "one", "s", Outcome.PASS, identical=True))
    made = report.make(runs.read([tmp_path / "a", tmp_path / "b"]), discover())
    differing = table(made, "What differs between the runs")
    assert differing.columns == ("model", "binding", "case", "run A", "run B")
    assert texts(differing) == [["digits", "c", "none", "pass", "differs"]]


def test_dtypes_one_by_one(tmp_path: Path) -> None:
    run = Journal(tmp_path / "dtypes")
    run.begin(["stele", "check"])
    run.add(Result("dtypes", "c", "int8-rank-0", "s", Outcome.PASS, identical=True))
    run.add(Result("dtypes", "c", "bf16-rank-0", "s", Outcome.UNSUPPORTED))
    made = report.make(runs.read([tmp_path / "dtypes"]), discover())
    able = table(made, "Dtypes")
    shown = dict(zip(able.columns, texts(able)[0], strict=True))
    assert (shown["INT8"], shown["BF16"]) == ("yes", "no")


def test_a_run_without_results(tmp_path: Path) -> None:
    Journal(tmp_path / "empty.jsonl").begin(["stele"])
    with pytest.raises(SteleError, match="no result"):
        report.make(runs.read([tmp_path / "empty.jsonl"]), discover())
