"""`stele tune` says what is surely faster, and which bits that leaves as they are."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from stele import cli
from stele.bench import paste, rounds, settings, tune
from stele.bench.contestant import Setting, WrongAnswerError
from stele.bench.subject import Prepared, Subject
from stele.bench.tune import Choice
from stele.contract.bundle import write_bundle
from stele.contract.config import PROFILES
from stele.convert import conversion
from stele.convert.formats import FORMATS
from stele.convert.request import Request
from stele.parity import case as cases
from stele.parity import record
from stele.parity.binding import Binding, discover
from stele.parity.case import Case, Target
from stele.parity.record import Advice, Benchmark, Journal, Outcome, Result, Trial
from tests.test_bench import prepare
from tests.test_harness import VALUES, fake

EFFORT = rounds.Effort(rounds=6, turn_seconds=0.01, starts=1)


@pytest.fixture(scope="module")
def prepared(foreign: Path, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare(foreign / "doubler", tmp_path_factory.mktemp("tune") / "in")


def benchmark(setting: str, *call_ns: float) -> Benchmark:
    return Benchmark(
        "m", "c", setting, "case", None, "A", identical=True, call_ns=call_ns, calls=6,
        warm_up_s=0.1, warm_up_calls=1, steady=True,
    )  # fmt: skip


def trial(setting: str, identical: int = 3) -> Trial:
    return Trial("m", "c", setting, "default", {}, "", identical, 3, 0, 0.0, (1.0,), "")


SLOW = [100.0, 101, 102, 103, 104, 105]


@pytest.mark.parametrize(
    ("fast", "identical", "kinds"),
    [
        ([ns / 2 for ns in SLOW], 3, {"identical", "tolerance"}),
        ([ns / 2 for ns in SLOW], 2, {"tolerance"}),
        ([ns * 2 for ns in SLOW], 3, set()),
        # Faster in most rounds is not surely faster.
        ([*(ns / 2 for ns in SLOW[:5]), 200.0], 3, set()),
    ],
)
def test_only_what_is_surely_faster_is_advised(
    fast: list[float], identical: int, kinds: set[str]
) -> None:
    race = [benchmark("default", *SLOW), benchmark("inline", *fast)]
    trials = [trial("default"), trial("inline", identical)]
    found = {kind for kind in tune.KINDS if tune._advice(race, trials, kind) is not None}
    assert found == kinds


def test_the_fastest_is_advised() -> None:
    race = [benchmark("default", *SLOW)] + [
        benchmark(name, *(ns / by for ns in SLOW)) for name, by in [("a", 2), ("b", 4), ("c", 3)]
    ]
    trials = [trial("default"), trial("a"), trial("b", identical=1), trial("c")]
    advice = {kind: tune._advice(race, trials, kind) for kind in tune.KINDS}
    assert advice == {
        "identical": Advice("m", "identical", "c", "c", 3.0, 3.0, 3.0),
        "tolerance": Advice("m", "tolerance", "c", "b", 4.0, 4.0, 4.0),
    }


def tuned(journal: Journal, prepared: Prepared, *behaviours: str) -> None:
    """Tune a model among fakes, the first of which is well."""
    choices = [Choice(fake("bench-well")), *(Choice(fake(one)) for one in behaviours)]
    tune.tune(journal, prepared, choices, EFFORT)


def test_a_wrong_answer_is_out(prepared: Prepared, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "results.jsonl")
    tuned(journal, prepared, "wrong", "crash-on-second", "off-by-one-ulp")
    found = {one.binding: one for one in journal.of(Trial)}
    assert found["fake-bench-well"].identical == found["fake-bench-well"].cases == 1
    assert "elements differ" in found["fake-wrong"].reason
    assert "SIGABRT" in found["fake-crash-on-second"].reason
    near = found["fake-off-by-one-ulp"]
    assert (near.reason, near.identical, near.ulp) == ("", 0, 1)
    assert not {"fake-wrong", "fake-crash-on-second"} & {o.binding for o in journal.of(Benchmark)}


def test_a_setting_that_is_unsupported_is_out(prepared: Prepared, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "results.jsonl")
    well = fake("bench-well")
    tune.tune(journal, prepared, [Choice(well), Choice(well, Setting("i", "inline"))], EFFORT)
    assert [one.reason for one in journal.of(Trial)] == ["", "a session config"]


def test_a_known_deviation_is_not_held_against_it(prepared: Prepared, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "results.jsonl")
    seen = Result("doubler", "fake-wrong-on-large", "large", "serving_default", Outcome.MISMATCH)
    journal.add(seen.with_known("a reason"))
    write_bundle(tmp_path / "large", {"x": VALUES * 1_000_000})
    case = Case("large", "serving_default", tmp_path / "large")
    answered = (*prepared.answered, Subject(prepared.target, case, {}))
    tuned(journal, replace(prepared, answered=answered), "wrong-on-large")
    one = journal.of(Trial)[1]
    assert (one.reason, one.identical, one.cases) == ("", 1, 2)


def test_a_first_choice_that_fails_ends_it(prepared: Prepared, tmp_path: Path) -> None:
    with pytest.raises(WrongAnswerError, match="elements differ"):
        tune.tune(Journal(tmp_path / "r.jsonl"), prepared, [Choice(fake("wrong"))], EFFORT)


def test_a_tolerance_of_ones_own(prepared: Prepared, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "results.jsonl")
    choices = [Choice(fake("bench-well")), Choice(fake("wrong"))]
    tune.tune(journal, prepared, choices, EFFORT, tolerance=1.0)
    wrong = journal.of(Trial)[1]
    assert (wrong.reason, wrong.identical, wrong.absolute) == ("", 0, 1.0)


def test_settings_change_what_their_names_say(tmp_path: Path) -> None:
    found = {one.name: one for one in settings.of_session(8, onednn=True, frozen=tmp_path)}
    assert next(iter(found)) == "default"
    assert found["default"] == Setting()
    assert found["python, oneDNN off"].environment == {"TF_ENABLE_ONEDNN_OPTS": "0"}
    assert found["single, frozen"].frozen == tmp_path
    four = found["inline, 4 threads in an op"].config
    assert bytes.fromhex(four.removeprefix("hex:")) == PROFILES["inline"] + b"\x10\x04"
    assert "inline, 8 threads in an op" not in found
    on = {one.name for one in settings.of_session(1, onednn=False, frozen=None)}
    assert "default, oneDNN on" in on
    assert not [name for name in on if "frozen" in name or "thread" in name]


SESSIONS = [
    binding
    for binding in discover().values()
    if binding.in_process and binding.execution == "session" and not binding.comparator
]


@pytest.mark.parametrize("binding", SESSIONS, ids=lambda binding: binding.id)
@pytest.mark.parametrize("config", ["inline", "hex:28013801"])
def test_every_language_has_a_line(binding: Binding, config: str) -> None:
    one = replace(trial("x"), binding=binding.id, config=config)
    (line,) = (
        line.partition(": ")[2]
        for line in paste.lines(one, Target("m", Path("models/m")), "serving_default")
        if line.startswith(f"{binding.id}: ")
    )
    assert not re.findall(r"\{(model|profile|hex|bytes|escaped|size)\}", line)
    values = ["inline"] if binding.load_profile and config == "inline" else ["28", "01"]
    assert all(value in line for value in values)


def test_a_table_cannot_be_frozen() -> None:
    request = Request(cases.find("langid"), FORMATS["frozen"], "serving_default")
    _, manifest = conversion.convert(request)
    entry = manifest["signatures"]["serving_default"]
    assert (entry["file"], "HashTableV2" in entry["problem"]) == ("", True)


def test_pythons_line_runs(foreign: Path) -> None:
    from stele_native import Model

    target = Target("doubler", foreign / "doubler")
    for config in ("inline", "hex:" + PROFILES["single"].hex()):
        lines = list(paste.lines(replace(trial("x"), config=config), target, "serving_default"))
        (line,) = (line for line in lines if line.startswith("python-native: "))
        model = eval(line.partition(": ")[2], {"Model": Model})  # noqa: S307  (our own line)
        assert "serving_default" in model.signatures


@pytest.mark.parametrize("command", ["tune", "snippet"])
def test_a_command_for_one_binding_takes_one(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main([command, "digits", "--binding", "c,python-tf"])
    assert capsys.readouterr().err.endswith("error: one --binding is wanted\n")


def test_the_command(foreign: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stele.cli", "tune", str(foreign / "doubler"), "--rounds", "2",
         "--also", "", "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    trials = [one for one in records if one["type"] == "trial"]
    assert trials[0]["setting"] == "default"
    assert {one["setting"] for one in trials} >= {"inline, oneDNN off", "python, frozen"} or {
        one["setting"] for one in trials
    } >= {"inline, oneDNN on", "python, frozen"}
    assert all(one["cases"] for one in trials if not one["reason"])
    frozen = next(one for one in trials if one["setting"] == "python, frozen")
    assert frozen["identical"] == frozen["cases"] > 0
    assert record.machine()["cpu_flags"] == records[0]["cpu_flags"]
