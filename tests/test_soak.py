"""`stele soak` finds workers whose memory grows, by run or by load, and no others."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from stele import cli
from stele.bench import soak, subject
from stele.bench.contestant import Contestant, Setting
from stele.bench.subject import Prepared
from stele.parity.case import Target
from stele.parity.record import Journal, Outcome, Result, Soaked
from stele.parity.run import Run
from tests.test_bench import prepare
from tests.test_harness import FAKE, fake

EFFORT = soak.Effort(runs=120, loads=12)
BEHAVIOURS = ("healthy", "leak-runs", "leak-loads", "crash", "wrong")


@pytest.fixture(scope="module")
def prepared(foreign: Path, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare(foreign / "doubler", tmp_path_factory.mktemp("soak") / "in")


@pytest.fixture(scope="module")
def journal(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Journal:
    out = tmp_path_factory.mktemp("soak")
    contestants = [Contestant(fake(b), Setting(), out / b) for b in BEHAVIOURS]
    contestants.append(
        Contestant(fake("absent", run=("/nonexistent/worker",)), Setting(), out / "absent")
    )
    journal = Journal(out / "results.jsonl")
    soak.soak(journal, prepared.subjects[0], contestants, EFFORT)
    return journal


def test_who_leaks_and_where(journal: Journal) -> None:
    verdicts = {(one.binding, one.over): one.leaks for one in journal.of(Soaked)}
    assert verdicts == {
        ("fake-healthy", "runs"): False,
        ("fake-healthy", "loads"): False,
        ("fake-leak-runs", "runs"): True,
        ("fake-leak-runs", "loads"): False,
        ("fake-leak-loads", "runs"): False,
        ("fake-leak-loads", "loads"): True,
    }


@pytest.mark.parametrize(
    ("binding", "over", "leaked"),
    [("fake-leak-runs", "runs", 64 << 10), ("fake-leak-loads", "loads", 2 << 20)],
)
def test_the_slope_is_what_is_leaked(journal: Journal, binding: str, over: str, leaked: int):
    (one,) = (s for s in journal.of(Soaked) if (s.binding, s.over) == (binding, over))
    value, low, high = one.growth
    assert low <= value <= high
    assert leaked * 0.8 < value < leaked * 1.2
    assert one.count == {"runs": EFFORT.runs, "loads": EFFORT.loads}[over]
    assert len(one.memory_bytes) == len(one.ns)


def test_what_breaks_off_has_a_result_and_no_figures(journal: Journal) -> None:
    found = {(one.binding, one.case): one.outcome for one in journal.of(Result)}
    assert found == {
        (f"fake-{name}", f"soak/{over}"): outcome
        for name, outcome in (
            ("crash", Outcome.CRASH),
            ("wrong", Outcome.MISMATCH),
            ("absent", Outcome.SETUP),
        )
        for over in ("runs", "loads")
    }


def test_growth_is_of_a_run_and_steps_are_no_slope() -> None:
    level = [1000] * 40
    assert soak.growth(level, 5).value == 0
    rising = [1000 + 10 * turn for turn in range(40)]
    assert soak.growth(rising, 5).value == pytest.approx(2)
    # One step early on, as a pool takes when it grows: most pairs do not see it.
    stepped = [1000] * 3 + [9000] * 37
    assert soak.growth(stepped, 5).low == 0


BINDING = """
[[binding]]
id = "{id}"
language = "Python"
summary = "for a test"
level = 5
run = ["{python}", "{fake}", "{behaviour}"]
upstream = "none"
licence = "Apache-2.0"
[[tool]]
name = "python"
command = ["{python}", "-c", ""]
"""


def test_a_leak_is_the_exit_status(
    prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    folder = tmp_path / "leak"
    folder.mkdir()
    text = BINDING.format(
        id="fake-leak-runs", python=sys.executable, fake=FAKE, behaviour="leak-runs"
    )
    (folder / "binding.toml").write_text(text)
    monkeypatch.setenv("STELE_BINDINGS", str(tmp_path))

    def compared(run: Run, target: Target, *_rest: object) -> Prepared:
        run.journal.add(Result(target.name, "fake-leak-runs", "rows", "", Outcome.PASS))
        return prepared

    monkeypatch.setattr(subject, "prepare", compared)
    model = str(prepared.target.folder)
    command = ["soak", model, "--binding", "fake-leak-runs", "--runs", "120", "--loads", "12"]
    assert cli.main([*command, "--json"]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    leaks = {one["over"]: one["leaks"] for one in lines if one["type"] == "soaked"}
    assert leaks == {"runs": True, "loads": False}
    assert lines[-1] == {"type": "end", "exit": 1}


def test_a_binding_says_what_its_worker_is_soaked_with(
    prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "fixed"
    folder.mkdir()
    text = BINDING.format(id="fixed", python=sys.executable, fake=FAKE, behaviour="healthy")
    heap = 'soak = { HEAP_OF_FIXED_SIZE = "32m" }\n[[tool]]'
    (folder / "binding.toml").write_text(text.replace("[[tool]]", heap))
    monkeypatch.setenv("STELE_BINDINGS", str(tmp_path))
    soaked = []
    monkeypatch.setattr(subject, "prepare", lambda *_: prepared)
    monkeypatch.setattr(soak, "soak", lambda _journal, _subject, each, *_: soaked.extend(each))
    cli.main(["soak", str(prepared.target.folder), "--binding", "fixed"])
    (contestant,) = soaked
    assert contestant.setting.environment == {"HEAP_OF_FIXED_SIZE": "32m"}
    # By which pytest keeps a worker's tests together.
    assert {contestant.binding: 1}[contestant.binding] == 1


@pytest.mark.parametrize("option", ["--runs", "--loads"])
def test_too_few_have_no_interval(option: str, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        cli.main(["soak", option, str(soak.FEWEST - 1)])
    assert f"no number from {soak.FEWEST} on" in capsys.readouterr().err
