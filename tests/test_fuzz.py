"""Drawn inputs find a planted fault, and the smallest that shows it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from stele import cli
from stele.contract.bundle import read_bundle
from stele.parity import case as cases
from stele.parity import failure
from stele.parity.binding import discover
from stele.parity.case import Target
from stele.parity.conversation import Timeouts
from stele.parity.fuzz import Fuzz
from stele.parity.record import Fuzzed, Journal, Outcome, Result
from tests.test_harness import fake, interrupted_at_a_hang

SEED = 20
# From here on the fake that is wrong on large numbers is.
LARGE = 1_000_000


def fuzz(
    foreign: Path,
    out: Path,
    *behaviours: str,
    seconds: float = 30,
    timeouts: Timeouts = Timeouts(),  # noqa: B008  (frozen)
) -> Journal:
    journal = Journal(out / "results.jsonl")
    target = Target("int_doubler", foreign / "int_doubler")
    bindings = [fake(behaviour) for behaviour in behaviours]
    Fuzz(out, journal, seconds=seconds, seed=SEED, timeouts=timeouts).check(target, bindings)
    return journal


def outcomes(journal: Journal) -> dict[str, Outcome]:
    return {result.binding.removeprefix("fake-"): result.outcome for result in journal.of(Result)}


def test_a_planted_fault_is_found_and_shrunk(foreign, tmp_path) -> None:
    journal = fuzz(foreign, tmp_path, "healthy", "wrong-on-large")
    results = {result.binding: result for result in journal.of(Result)}
    assert results["fake-healthy"].outcome is Outcome.PASS
    wrong = results["fake-wrong-on-large"]
    assert wrong.outcome is Outcome.MISMATCH
    kept = Path(wrong.failure)
    # One row, and in it one number that is just too large.
    found = read_bundle(kept / "in")["x"]
    assert found.shape == (1, 3)
    assert sorted(found.flat) == [0, 0, LARGE // 2 + 1]
    assert failure.read(kept).binding == "fake-wrong-on-large"
    # The same seed finds the same.
    again = fuzz(foreign, tmp_path / "again", "wrong-on-large")
    (record,), (before,) = again.of(Fuzzed), journal.of(Fuzzed)
    assert (record.seed, record.examples) == (SEED, before.examples)
    (result,) = again.of(Result)
    assert np.array_equal(read_bundle(Path(result.failure) / "in")["x"], found)


def test_the_first_of_those_that_are_wrong_is_named(foreign, tmp_path) -> None:
    # The first that was asked, and not the first that answers.
    found = outcomes(fuzz(foreign, tmp_path, "healthy", "slow-and-wrong", "wrong"))
    assert found.pop("slow-and-wrong") is Outcome.MISMATCH
    assert set(found.values()) == {Outcome.PASS}


def test_bindings_run_an_example_at_once(foreign, tmp_path) -> None:
    # Neither of the two answers before the other one has been asked.
    timeouts = Timeouts(generated=2)
    journal = fuzz(foreign, tmp_path, "meets-one", "meets-two", seconds=1, timeouts=timeouts)
    assert outcomes(journal) == {"meets-one": Outcome.PASS, "meets-two": Outcome.PASS}
    (record,) = journal.of(Fuzzed)
    assert record.answered > 1


def test_what_breaks_off_is_shrunk_and_the_others_are_well(foreign, tmp_path) -> None:
    # More often than a worker is started anew elsewhere; it starts without TensorFlow, soon.
    crashes = "other-class-crash-on-large"
    journal = fuzz(foreign, tmp_path, "healthy", crashes, "noise")
    assert outcomes(journal) == {
        crashes: Outcome.CRASH, "healthy": Outcome.PASS, "noise": Outcome.PASS
    }  # fmt: skip
    (kept,) = (Path(result.failure) for result in journal.of(Result) if result.failure)
    assert sorted(read_bundle(kept / "in")["x"].flat) == [0, 0, LARGE // 2 + 1]


def test_an_interrupt_waits_for_no_clock(foreign, tmp_path) -> None:
    with interrupted_at_a_hang(tmp_path):
        fuzz(foreign, tmp_path, "hang", "healthy")


def test_no_fault_is_no_finding(foreign, tmp_path, capsys) -> None:
    arguments = ["--fuzz", "--seconds", "1", "--seed", str(SEED), "--binding", "c", "--json"]
    model = str(foreign / "int_doubler")
    assert cli.main(["check", model, *arguments, "--out", str(tmp_path / "out")]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (fuzzed,) = [record for record in records if record["type"] == "fuzzed"]
    assert fuzzed["seed"] == SEED
    assert fuzzed["answered"] > 0
    (result,) = [record for record in records if record["type"] == "result"]
    assert (result["outcome"], result["identical"]) == ("pass", True)


def test_who_runs_the_function_is_held_against_that(tmp_path) -> None:
    # A session folds the constants of this model: other last bits.
    journal = Journal(tmp_path / "results.jsonl")
    model, keras = cases.find("normalized"), discover()["python-keras"]
    Fuzz(tmp_path, journal, seconds=1, seed=SEED).check(model, [keras], "serving_default")
    (result,) = journal.of(Result)
    assert (result.binding, result.outcome) == ("python-keras", Outcome.PASS)
    assert result.identical


def test_what_cannot_be_compared_one_by_one_is_said(foreign, tmp_path) -> None:
    journal = Journal(tmp_path / "results.jsonl")
    target = Target("stateful", foreign / "stateful")
    Fuzz(tmp_path, journal, seconds=1, seed=SEED).check(target, [fake("healthy")], "train")
    (result,) = journal.of(Result)
    assert result.outcome is Outcome.NOT_RUN
    assert "writes variables (AssignAddVariableOp)" in result.detail


@pytest.mark.parametrize("option", ["--inputs=x.npz", "--cases=x"])
def test_fuzz_draws_its_own_inputs(option) -> None:
    with pytest.raises(SystemExit) as usage:
        cli.main(["check", "digits", "--fuzz", option])
    assert usage.value.code == 2
