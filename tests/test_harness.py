"""The harness catches workers that misbehave on purpose.

All fakes run in one parity run against TensorFlow's answers, as real bindings do.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from stele import cli
from stele.contract.bundle import write_bundle
from stele.parity import case as cases
from stele.parity import family, known, plan
from stele.parity import run as parity_run
from stele.parity.binding import Binding
from stele.parity.conversation import Conversation, Timeouts
from stele.parity.level import Ladder
from stele.parity.library import LibraryClass
from stele.parity.limits import Limits
from stele.parity.record import Journal, Link, Outcome, Result, WorkerInfo
from stele.parity.tool import Tool

FAKE = Path(__file__).parent / "fakes" / "fake.py"

# Behaviour -> outcome of every cell, and words that the detail must have.
SIMPLE = {
    "healthy": (Outcome.PASS, ""),
    "noise": (Outcome.PASS, ""),
    "wrong": (Outcome.MISMATCH, "elements differ"),
    "wrong-dtype": (Outcome.MISMATCH, "dtype FP64, expected FP32"),
    "wrong-shape": (Outcome.MISMATCH, "shape [2, 3, 1], expected [2, 3]"),
    "off-by-one-ulp": (Outcome.MISMATCH, "up to 1 ULP"),
    "remote-healthy": (Outcome.PASS, ""),
    "remote-off-by-one-ulp": (Outcome.MISMATCH, "up to 1 ULP"),
    "negative-zero": (Outcome.MISMATCH, "-0.0 or a NaN's payload"),
    "column-major": (Outcome.MISMATCH, "elements differ"),
    "missing-output": (Outcome.MISMATCH, "outputs none; expected doubled"),
    "extra-output": (Outcome.MISMATCH, "outputs doubled, more; expected doubled"),
    "always-unknown": (Outcome.ERROR, "UNKNOWN: something went wrong"),
    "other-class-one-ulp": (Outcome.PASS, ""),
    "other-class-wrong": (Outcome.MISMATCH, "elements differ"),
    "crash": (Outcome.CRASH, "SIGABRT"),
    "exit": (Outcome.CRASH, "exited with status 0"),
    "hang": (Outcome.TIMEOUT, "run: no reply within"),
    "hang-on-load": (Outcome.TIMEOUT, "load: no reply within"),
    "wrong-id": (Outcome.PROTOCOL, "reply to request '999999'"),
    "garbage": (Outcome.PROTOCOL, "and nothing that makes sense"),
    "impostor": (Outcome.PROTOCOL, "hello says binding=c"),
}
SPECIAL = ("crash-on-second", "crash-once", "no-checks", "loads-anything", "bad-end")


def fake(behaviour: str, **changes: object) -> Binding:
    settings = {
        "id": f"fake-{behaviour}",
        "folder": FAKE.parent,
        "language": "Python",
        "summary": behaviour,
        "level": 4,
        "run": (sys.executable, str(FAKE), behaviour),
    }
    return Binding(**(settings | changes))  # type: ignore[arg-type]


# Two inputs with distinct values, a zero among them, and more rows than columns.
VALUES = np.array([[0.0, 1.0, 2.0], [3.0, 4.0, 5.5]], dtype=np.float32)
INPUTS = {"first": VALUES, "second": VALUES * 3}


def run_fakes(
    target: cases.Target,
    out: Path,
    fakes: list[Binding],
    *,
    bad: bool = False,
    deviations: Sequence[known.Deviation] = (),
    seconds: float = 8,
    jobs: int = 4,
    inputs: Mapping[str, np.ndarray] = INPUTS,
) -> Journal:
    found = []
    for name, array in inputs.items():
        write_bundle(out / "inputs" / name, {"x": array})
        found.append(cases.Case(name, "serving_default", out / "inputs" / name))
    journal = Journal(out / "results.jsonl")
    journal.begin(["test"])
    timeouts = Timeouts(hello=120, load=20, run=seconds)
    with parity_run.Run(out, journal, deviations=deviations, jobs=jobs, timeouts=timeouts) as run:
        run.check(plan.make(target, found, out, bad=bad), fakes)
    return journal


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGINT be an exception also where these tests run in a shell's background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def interrupted_at_a_hang(folder: Path) -> Iterator[None]:
    """Press Ctrl-C as soon as the fake that hangs does; that ends all soon, every worker too.

    Args:
        folder: Of the run.
    """
    pressed: list[float] = []

    def press() -> None:
        while not (folder / "workers" / "fake-hang" / "hanging").exists():
            time.sleep(0.01)
        pressed.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press, daemon=True).start()
    with interruptible(), pytest.raises(KeyboardInterrupt):
        yield
    assert time.monotonic() - pressed[0] < 10
    expect_no_worker()


def expect_no_worker() -> None:
    for child in family.of(os.getpid()):
        command = Path(f"/proc/{child}/cmdline").read_bytes()
        assert b"fake.py" not in command, command


@pytest.fixture(scope="module")
def doubler(foreign: Path) -> cases.Target:
    return cases.Target("doubler", foreign / "doubler")


@pytest.fixture(scope="module")
def journal(doubler: cases.Target, tmp_path_factory: pytest.TempPathFactory) -> Journal:
    fakes = [fake(behaviour) for behaviour in (*SIMPLE, "crash-on-second", "crash-once", "bad-end")]
    fakes.append(fake("absent", run=("/nonexistent/worker",)))
    fakes.append(
        fake("no-toolchain", tools=(Tool("it", ("no-such-compiler",), install="make it"),))
    )
    fakes.append(
        fake("no-build", run=("/nonexistent/worker",), build=("sh", "-c", "echo broken; exit 2"))
    )
    return run_fakes(doubler, tmp_path_factory.mktemp("fakes"), fakes)


def of(journal: Journal, behaviour: str) -> list[Result]:
    return [r for r in journal.of(Result) if r.binding == f"fake-{behaviour}"]


@pytest.mark.parametrize("behaviour", SIMPLE)
def test_outcome(journal: Journal, behaviour: str) -> None:
    outcome, words = SIMPLE[behaviour]
    results = of(journal, behaviour)
    assert results
    for result in results:
        assert result.outcome is outcome, result.detail
        assert words in result.detail
        assert result.red == (outcome is not Outcome.PASS)


def test_noise_is_kept_in_the_log(journal: Journal) -> None:
    log = journal.file.parent / "workers" / "fake-noise" / "worker.log"
    assert b"stdout: @stele is what this line begins with\n" in log.read_bytes()


def test_class_is_proved_by_the_mapped_library(journal: Journal) -> None:
    (reference,) = {r.library_class for r in of(journal, "healthy")}
    assert reference != "unproven"
    assert {r.library_class for r in of(journal, "other-class-one-ulp")} == {"unproven"}
    # A server that the worker started maps it in the worker's place.
    assert {r.library_class for r in of(journal, "remote-healthy")} == {reference}


@pytest.fixture(scope="module")
def flagged(doubler: cases.Target, tmp_path_factory: pytest.TempPathFactory) -> Journal:
    """One run of an input without elements and one with, in workers with flags of their own."""

    def with_flags(name: str, *flags: str) -> Binding:
        return fake("healthy", id=f"fake-{name}", run=("env", *flags, *fake(name).run))

    fakes = [with_flags("healthy", "TF_CLI_CONFIG_FILE=terraform.rc", "TF_CPP_MAX_VLOG_LEVEL=0")]
    fakes.append(with_flags("noise", "TF_NUM_INTEROP_THREADS=3"))
    fakes.append(with_flags("remote-healthy", "TF_NUM_INTEROP_THREADS=3"))
    inputs = {"empty": VALUES[:0], "rows": VALUES}
    return run_fakes(doubler, tmp_path_factory.mktemp("flagged"), fakes, inputs=inputs)


def test_tensors_without_elements_are_no_proof(flagged: Journal) -> None:
    identical = {r.case: (r.outcome, r.identical) for r in of(flagged, "healthy")}
    assert identical == {"empty": (Outcome.PASS, None), "rows": (Outcome.PASS, True)}


def test_what_tensorflow_alone_refuses(foreign: Path, tmp_path: Path) -> None:
    picky = cases.Target("picky", foreign / "picky")
    fakes = [fake("healthy"), fake("other-class-healthy"), fake("other-class-wrong")]
    inputs = {"empty": VALUES[:0], "rows": VALUES}
    journal = run_fakes(picky, tmp_path, fakes, bad=False, inputs=inputs)
    # The same library must refuse it, too; another is told to answer, and no more.
    same, _ = of(journal, "healthy")
    assert (same.outcome, same.red) == (Outcome.WRONG_ERROR, True)
    other, rows = of(journal, "other-class-healthy")
    assert (other.outcome, other.red) == (Outcome.DIFFERS, False)
    assert "INVALID_ARGUMENT" in other.detail
    assert rows.outcome is Outcome.PASS
    assert of(journal, "other-class-wrong")[1].outcome is Outcome.MISMATCH


def test_only_flags_that_tensorflow_reads_make_a_class(flagged: Journal) -> None:
    flags = {r.binding: r.flags for r in flagged.records if isinstance(r, WorkerInfo)}
    usual = set(flags["python-tf"])
    assert set(flags["fake-healthy"]) == usual
    for name in ("fake-noise", "fake-remote-healthy"):
        assert set(flags[name]) - usual == {("TF_NUM_INTEROP_THREADS", "3")}


def test_every_run_says_on_which_cpu(journal: Journal) -> None:
    header = json.loads(journal.file.read_text().splitlines()[0])
    assert header["onednn"].split()[0] in ("on", "off")
    assert header["cpu_flags"] == sorted(header["cpu_flags"])
    asked = subprocess.run(
        [
            sys.executable,
            "-c",
            "from tensorflow.python.util import _pywrap_util_port as port\n"
            "print('on' if port.IsMklEnabled() else 'off')",
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    assert asked.stdout.split()[-1] == header["onednn"].split()[0]


def test_distance_across_classes_is_shown(journal: Journal) -> None:
    for result in of(journal, "other-class-one-ulp"):
        assert not result.identical
        assert result.tensors[0]["ulp"] == 1


def test_crash_keeps_what_was_decided_before(journal: Journal) -> None:
    first, second = of(journal, "crash-on-second")
    assert first.outcome is Outcome.PASS
    # Alone in a fresh worker it is the first run again, which does not crash.
    assert second.outcome is Outcome.PASS
    assert "SIGABRT" in second.retried


def test_crash_is_retried_once(journal: Journal) -> None:
    first, second = of(journal, "crash-once")
    assert first.outcome is Outcome.PASS
    assert "SIGSEGV" in first.retried
    assert not second.retried


def test_worker_that_does_not_end_well(journal: Journal) -> None:
    *runs, end = of(journal, "bad-end")
    assert all(result.outcome is Outcome.PASS for result in runs)
    assert end.case == "bye"
    assert end.outcome is Outcome.CRASH


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("absent", "cannot start /nonexistent/worker"),
        ("no-toolchain", "not installed: it (no no-such-compiler); install with: make it"),
        ("no-build", "broken"),
    ],
)
def test_setup_is_grey(journal: Journal, behaviour: str, words: str) -> None:
    (result,) = of(journal, behaviour)
    assert result.outcome is Outcome.SETUP
    assert words in result.detail
    assert not result.red


def test_exit_status_of_grey_and_red(journal: Journal) -> None:
    absent = Journal(journal.file.with_name("absent.jsonl"))
    for result in of(journal, "absent"):
        absent.add(result)
    bindings = [fake("absent")]
    assert parity_run.exit_status(absent, bindings, [], strict=False) == 3
    assert parity_run.exit_status(absent, bindings, [], strict=True) == 1
    assert parity_run.exit_status(journal, [], [], strict=False) == 1


def test_bad_input_is_held_against_a_worker(doubler: cases.Target, tmp_path: Path) -> None:
    fakes = [fake("no-checks"), fake("loads-anything"), fake("healthy")]
    journal = run_fakes(doubler, tmp_path, fakes, bad=True)
    # The fake takes no session config, and says so: grey.
    healthy = {r.case: r.outcome for r in of(journal, "healthy")}
    assert healthy.pop("bad/unparseable-config") is Outcome.UNSUPPORTED
    assert set(healthy.values()) == {Outcome.PASS}
    unchecked = {r.case: r for r in of(journal, "no-checks")}
    for row in ("wrong-rank", "wrong-dimension", "wrong-dtype", "missing-input"):
        assert unchecked[f"bad/{row}"].outcome is Outcome.WRONG_ERROR, row
    careless = {r.case: r for r in of(journal, "loads-anything")}
    assert careless["bad/missing-folder"].outcome is Outcome.WRONG_ERROR
    # Nothing is lost: the model that was loaded before still gives its answer.
    assert careless[plan.STILL_SERVING].outcome is Outcome.PASS


def test_failure_can_be_replayed(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    result = of(journal, "wrong")[0]
    described = json.loads((Path(result.failure) / "case.json").read_text())
    assert described["binding"] == "fake-wrong"
    healthy = fake("healthy", id="fake-wrong", run=fake("wrong").run)
    monkeypatch.setattr("stele.parity.replay.discover", lambda: {healthy.id: healthy})
    assert cli.main(["replay", result.failure, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["outcome"] == "mismatch"


def test_known_deviation_and_its_ratchet(journal: Journal, tmp_path: Path) -> None:
    folder = tmp_path / "bindings" / "fake"
    folder.mkdir(parents=True)
    entry = (
        '[[deviation]]\nbinding = "fake-{}"\nmodel = "*"\ncase = "*"\nreason = "r"\nlink = "l"\n'
    )
    (folder / "known.toml").write_text(entry.format("wrong") + entry.format("healthy"))
    deviations = known.load(tmp_path / "bindings")
    covered = [known.apply(result, deviations) for result in of(journal, "wrong")]
    assert covered
    assert not any(result.red for result in covered)
    assert [d.binding for d in known.outgrown(journal.of(Result), deviations)] == ["fake-healthy"]


def test_what_is_known_is_not_kept(doubler: cases.Target, tmp_path: Path) -> None:
    first = known.Deviation("fake-wrong", "*", "first", "reason", "link", tmp_path)
    journal = run_fakes(doubler, tmp_path, [fake("wrong")], deviations=[first])
    covered, other = of(journal, "wrong")
    assert (covered.known, covered.failure) == ("reason (link)", "")
    assert not other.known
    assert [str(folder) for folder in (tmp_path / "failures").iterdir()] == [other.failure]


def test_an_interrupt_waits_for_no_clock(doubler: cases.Target, tmp_path: Path) -> None:
    with interrupted_at_a_hang(tmp_path):
        run_fakes(doubler, tmp_path, [fake("hang"), fake("healthy")], seconds=60)
    # Nothing is held against a worker that was not let finish.
    lines = (tmp_path / "results.jsonl").read_text()
    assert "timeout" not in lines
    assert "crash" not in lines


def test_unproven_classes_are_not_one(
    doubler: cases.Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody knows what either of them runs on: equal ignorance is no proof.
    monkeypatch.setattr("stele.parity.library.of_worker", lambda *_, **__: LibraryClass((), ()))
    journal = run_fakes(doubler, tmp_path, [fake("off-by-one-ulp"), fake("wrong")])
    assert {r.outcome for r in of(journal, "off-by-one-ulp")} == {Outcome.PASS}
    assert {r.outcome for r in of(journal, "wrong")} == {Outcome.MISMATCH}


def test_few_bindings_hold_a_model_at_once(
    doubler: cases.Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: set[str] = set()
    counts: list[int] = []
    load, release = Conversation.open, Conversation.release

    def loading(self: Conversation, target: cases.Target) -> WorkerInfo:
        held.add(self.binding.id)
        counts.append(len(held))
        return load(self, target)

    def releasing(self: Conversation) -> None:
        release(self)
        held.discard(self.binding.id)

    monkeypatch.setattr(Conversation, "open", loading)
    monkeypatch.setattr(Conversation, "release", releasing)
    fakes = [fake("healthy"), fake("noise"), fake("wrong"), fake("remote-healthy")]
    journal = run_fakes(doubler, tmp_path, fakes, jobs=1)
    assert {r.outcome for r in of(journal, "healthy")} == {Outcome.PASS}
    # One binding and a reference, however many there are.
    assert max(counts) <= 2
    assert not held


def test_a_broken_link_fails_a_run_by_itself(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "results.jsonl")
    journal.add(Result("m", "fake-healthy", "case", "s", Outcome.PASS))
    bindings = [fake("healthy")]
    journal.add(Link("m", "link", ok=True))
    assert parity_run.exit_status(journal, bindings, [], strict=False) == 0
    journal.add(Link("m", "link", ok=False))
    assert parity_run.exit_status(journal, bindings, [], strict=False) == 1


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("bench-well", ""),
        ("bench-microseconds", "nanoseconds are due"),
        ("bench-picoseconds", "nanoseconds are due"),
        ("bench-cold", "with a warm-up of"),
    ],
)
def test_bench_is_held_against_the_clock(
    doubler: cases.Target, tmp_path: Path, behaviour: str, words: str
) -> None:
    inputs = tmp_path / "in"
    write_bundle(inputs, {"x": np.ones((2, 3), np.float32)})
    binding = fake(behaviour)
    conversation = Conversation(binding, tmp_path / "worker")
    try:
        conversation.open(doubler)
        case = cases.Case("case", "serving_default", inputs)
        problems = list(Ladder(binding).bench(conversation, case))
    finally:
        conversation.stop()
    assert len(problems) == bool(words), problems
    assert words in "".join(problems)


def test_beyond_a_limit_is_an_outcome_and_the_next_case_has_a_fresh_worker(
    doubler: cases.Target, tmp_path: Path
) -> None:
    write_bundle(tmp_path / "in", {"x": VALUES})
    case = cases.Case("case", "serving_default", tmp_path / "in")
    grows = fake("other-class-grow-once")
    conversation = Conversation(grows, tmp_path / "worker", limits=Limits(memory=256))
    try:
        conversation.open(doubler)
        answers = [conversation.run(case) for _ in range(2)]
    finally:
        conversation.stop()
    beyond, fresh = answers
    assert beyond.outcome is Outcome.LIMIT
    assert "256 MiB of memory (--limit-memory)" in beyond.detail
    assert fresh.outputs is not None


@pytest.mark.usefixtures("journal")
def test_workers_are_gone() -> None:
    expect_no_worker()
