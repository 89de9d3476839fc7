"""The page and the text say the same, figure by figure."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest

from stele.contract.codes import SteleError
from stele.parity.binding import discover
from stele.parity.record import Benchmark, Journal, Outcome, Result, Startup, WorkerInfo
from stele.report import page, report, runs, text

ROUNDS = (100e3, 101e3, 99e3, 100e3, 102e3, 98e3)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> report.Report:
    file = tmp_path_factory.mktemp("report") / "results.jsonl"
    journal = Journal(file)
    journal.begin(["/x/stele", "bench", "<digits>"])
    journal.add(WorkerInfo("digits", "python-onnx", "Python", "", "unproven", (), (), 1, 1))
    ulp = ({"name": "y", "ulp": 7, "identical": False, "problem": "", "dtype": "FP32"},)
    for name, factor, tensors in (("c", 1, ()), ("rust", 3, ()), ("python-onnx", 0.5, ulp)):
        identical = not tensors
        journal.add(
            Result("digits", name, "one", "s", Outcome.PASS, identical=identical, tensors=tensors)
        )
        calls = tuple(factor * ns for ns in ROUNDS)
        bench = Benchmark(
            "digits", name, "default", "one", None, "k", identical, calls, 6, 1, 5, True
        )
        journal.add(bench)
        start = Startup("digits", name, "default", "k", (0.1,), (), (0.1,), (0.1,), 2**20, 2**30)
        journal.add(start)
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


def test_a_run_without_results(tmp_path: Path) -> None:
    Journal(tmp_path / "empty.jsonl").begin(["stele"])
    with pytest.raises(SteleError, match="no result"):
        report.make(runs.read([tmp_path / "empty.jsonl"]), discover())
