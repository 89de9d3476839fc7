"""`stele bench` gives no time to a wrong answer, and its figures are those of the calls."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from stele.bench import footprint, rounds, subject
from stele.bench.contestant import LONGEST_WARM_UP, Contestant, Setting
from stele.bench.subject import Prepared, Subject
from stele.contract.bundle import RawTensor, read_bundle, write_bundle
from stele.contract.codes import SteleError
from stele.parity.binding import discover
from stele.parity.case import Case, Target
from stele.parity.record import Benchmark, Journal, Startup, Unmeasured
from tests.test_harness import VALUES, fake

EFFORT = rounds.Effort(rounds=6, turn_seconds=0.01, starts=2, workers=(1, 2))
BEHAVIOURS = ("bench-well", "wrong", "crash-on-second", "missing-output")


def prepare(model: Path, inputs: Path) -> Prepared:
    """Prepare a model that doubles, with the one case that is right."""
    write_bundle(inputs, {"x": VALUES})
    target = Target("doubler", model)
    case = Case("rows", "serving_default", inputs)
    subject = Subject(target, case, {"doubled": RawTensor.of(VALUES + VALUES)})
    return Prepared(target, [subject], answered=(subject,))


@pytest.fixture(scope="module")
def prepared(foreign: Path, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare(foreign / "doubler", tmp_path_factory.mktemp("bench") / "in")


@pytest.fixture(scope="module")
def journal(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Journal:
    out = tmp_path_factory.mktemp("bench")
    contestants = [Contestant(fake(b), Setting(), out / b) for b in BEHAVIOURS]
    absent = fake("absent", run=("/nonexistent/worker",))
    contestants.append(Contestant(absent, Setting(), out / "absent"))
    journal = Journal(out / "results.jsonl")
    rounds.measure(journal, prepared, contestants, EFFORT)
    return journal


def test_a_wrong_answer_has_no_time(journal: Journal) -> None:
    assert [one.binding for one in journal.of(Benchmark)] == ["fake-bench-well"]
    assert [one.binding for one in journal.of(Startup)] == ["fake-bench-well"]
    reasons = {one.binding: one.reason for one in journal.of(Unmeasured)}
    assert "elements differ" in reasons["fake-wrong"]
    assert "outputs none" in reasons["fake-missing-output"]
    assert "SIGABRT" in reasons["fake-crash-on-second"]
    assert "/nonexistent/worker" in reasons["fake-absent"]


def test_figures_are_those_of_the_calls(journal: Journal) -> None:
    (benchmark,) = journal.of(Benchmark)
    # The fake sleeps 100 µs in each call.
    assert all(100e3 < ns < 20e6 for ns in benchmark.call_ns)
    assert len(benchmark.call_ns) == EFFORT.rounds
    assert benchmark.processes == EFFORT.starts
    assert benchmark.identical
    # Each process has calls of its own to a turn, the same in each of its turns.
    assert benchmark.calls % EFFORT.share == 0
    assert benchmark.calls >= EFFORT.rounds
    # Three turns at least, each call of which sleeps as well.
    assert benchmark.warm_up_calls >= 3
    assert benchmark.warm_up_s > benchmark.warm_up_calls * 100e-6
    assert {count: len(rates) for count, rates in benchmark.throughput.items()} == {"1": 6, "2": 6}
    assert all(0 < rate < 2e4 for rates in benchmark.throughput.values() for rate in rates)


@dataclass
class Compiling(Contestant):
    """Its calls take 2 ms until it has compiled, and then a twentieth of that."""

    COMPILED_AFTER = 20_000
    calls: int = 0

    def turn(self, _: Subject, runs: int) -> float:
        self.calls += runs
        return 2e6 if self.calls <= self.COMPILED_AFTER else 1e5


@dataclass
class Lucky(Contestant):
    """Its first process takes 1 µs for a call, its second 2, and so on."""

    def turn(self, _: Subject, runs: int) -> float:  # noqa: ARG002  (as its parent's)
        return 1e3 * len(self.starts)


def test_every_process_has_its_share_of_the_rounds(prepared: Prepared, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "results.jsonl")
    lucky = Lucky(fake("bench-well"), Setting(), tmp_path / "lucky")
    rounds.measure(journal, prepared, [lucky], rounds.Effort(rounds=7, starts=3))
    (benchmark,) = journal.of(Benchmark)
    assert benchmark.call_ns == (1e3,) * 3 + (2e3,) * 3 + (3e3,) * 3
    assert benchmark.processes == 3


@dataclass
class Following(Contestant):
    """Keeps a list of whose turn it was."""

    turns: list[str] = field(default_factory=list)

    def turn(self, _: Subject, runs: int) -> float:
        self.turns.append(self.name)
        return 1e6 / runs


def test_nobody_always_follows_the_same_one(prepared: Prepared, tmp_path: Path) -> None:
    turns: list[str] = []
    pair = [
        Following(fake(behaviour), Setting(), tmp_path / behaviour, turns=turns)
        for behaviour in ("bench-well", "healthy")
    ]
    journal = Journal(tmp_path / "results.jsonl")
    rounds.measure(journal, prepared, pair, rounds.Effort(rounds=40, starts=1))
    first = turns[-80::2]
    assert set(first) == {one.name for one in pair}
    assert all(set(turns[i : i + 2]) == set(first) for i in range(len(turns) - 80, len(turns), 2))


def test_a_runtime_that_compiles_is_warm_before_it_is_measured(
    prepared: Prepared, tmp_path: Path
) -> None:
    (one,) = prepared.subjects
    for warm_up in (0, Compiling.COMPILED_AFTER):
        contestant = Compiling(fake("bench-well", warm_up=warm_up), Setting(), tmp_path)
        done = contestant.warm_up(one, turn_seconds=0.1)
        assert done.steady
        assert done.calls == contestant.calls
        # One median is as good as another before it has compiled, too.
        assert contestant.turn(one, 1) == (1e5 if warm_up else 2e6)


def test_a_warm_up_ends_though_nothing_has_compiled(prepared: Prepared, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "results.jsonl")
    contestant = Contestant(fake("bench-well", warm_up=10**9), Setting(), tmp_path / "turns")
    effort = replace(EFFORT, rounds=2, starts=1, workers=(), warm_up_seconds=0.2)
    rounds.measure(journal, prepared, [contestant], effort)
    (benchmark,) = journal.of(Benchmark)
    assert 0.2 <= benchmark.warm_up_s < LONGEST_WARM_UP


def test_phases_of_every_start(journal: Journal) -> None:
    (startup,) = journal.of(Startup)
    for phase in (startup.process_s, startup.library_s, startup.load_s, startup.first_call_s):
        assert len(phase) == EFFORT.starts
        assert all(seconds > 0 for seconds in phase)
    assert startup.peak_bytes is not None
    assert startup.disk_bytes is not None
    # Whatever else is mapped, TensorFlow's library is.
    assert startup.disk_bytes > 300 * 2**20


def test_what_is_installed_counts_once(tmp_path: Path) -> None:
    (tmp_path / "code").write_bytes(b"x" * 1000)
    (tmp_path / "link").hardlink_to(tmp_path / "code")
    bare = footprint.of(fake("healthy"), os.getpid())
    more = footprint.of(fake("healthy", installs=(str(tmp_path),)), os.getpid())
    assert more is not None
    assert bare is not None
    assert more - bare == 1000
    numpy = footprint.of(fake("healthy", installs=("python:numpy",)), os.getpid())
    assert numpy is not None
    assert numpy - bare > 2**20
    with pytest.raises(SteleError, match='installs "python:no-such-thing"'):
        footprint.of(fake("healthy", installs=("python:no-such-thing",)), os.getpid())


def test_what_a_page_downloads_is_compressed_file_by_file(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.js", "b.wasm")]
    for file in files:
        file.write_bytes(b"x" * 100_000)
    one, both = (
        footprint.download(fake("healthy", downloads=tuple(map(str, names))))
        for names in (files[:1], files)
    )
    assert one is not None
    assert one < 1000
    assert both == 2 * one
    assert footprint.download(fake("healthy")) is None
    with pytest.raises(SteleError, match='downloads "/nonexistent/runtime'):
        footprint.download(fake("healthy", downloads=("/nonexistent/runtime.js",)))


def test_what_a_page_is_to_download_is_there() -> None:
    pages = [one for one in discover().values() if one.id.startswith("js-browser-")]
    assert pages
    for one in pages:
        one.require()
        assert footprint.download(one)


def test_a_repeated_row_is_the_batch(prepared: Prepared, tmp_path: Path) -> None:
    (one,) = prepared.subjects
    batch = subject._batch(prepared.target, one.case, 5, tmp_path)
    (rows,) = read_bundle(batch.inputs).values()
    assert rows.shape == (5, 3)
    assert np.array_equal(rows, VALUES[[0, 1, 0, 1, 0]])
    assert batch.name == "serving_default/batch-5"
