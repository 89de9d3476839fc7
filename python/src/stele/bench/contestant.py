"""A binding that is measured: its starts, its warm-up, its turns."""

from __future__ import annotations

import contextlib
import shutil
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from stele.bench.mapped import Watch
from stele.bench.subject import Labelled, Subject
from stele.contract.bundle import read_raw_bundle
from stele.parity import judge
from stele.parity.binding import Binding, SetupError
from stele.parity.case import Target
from stele.parity.conversation import Answer, Conversation, LoadRefusedError
from stele.parity.process import WorkerError
from stele.parity.record import Outcome

# A worker's limit for one turn: many times what a turn ought to take.
_PATIENCE = 600.0
# A warm-up's turns are over when so many medians in a row are as near to each other, as they
# may be before a runtime has compiled, too: its calls are counted. Where those take longer
# than a warm-up may, what compiling gains is little beside the model.
_STEADY_TURNS = 3
_STEADY_WITHIN = 0.05
LONGEST_WARM_UP = 10.0
# So many turns at most are a warm-up before throughput.
_MOST_WARMING_TURNS = 20


class WrongAnswerError(Exception):
    """An answer that is not the reference's: it has no time.

    Args:
        detail: In words.
        outcome: The verdict on it.
    """

    def __init__(self, detail: str, outcome: Outcome) -> None:
        super().__init__(detail)
        self.outcome = outcome


# What puts one binding out of a race, and no other.
FAILURES = (SetupError, LoadRefusedError, WorkerError, WrongAnswerError)


@dataclass(frozen=True)
class Start:
    """One start, phase by phase, in seconds.

    Attributes:
        process: From its start until libtensorflow is being loaded; until it says hello,
            where it loads no such library or does so later.
        library: From then until it says hello; None where that cannot be told apart.
        load: The model's load; the library's too where ``library`` is None.
        first_call: From the first request for an answer to that answer.
    """

    process: float
    library: float | None
    load: float
    first_call: float


@dataclass(frozen=True)
class Setting:
    """What a model is run with, beside a binding.

    Attributes:
        name: For tables.
        config: A profile, or ``hex:<ConfigProto>``.
        environment: Variables for its processes, beside those of every worker.
        frozen: The SavedModel to load in place of the model's own; None for that.
    """

    name: str = "default"
    config: str = "default"
    environment: Mapping[str, str] = field(default_factory=dict)
    frozen: Path | None = None


@dataclass
class Contestant:
    """One binding with one setting.

    Attributes:
        binding: Whose worker.
        setting: What the model is run with.
        folder: For what its workers write; its old content is replaced.
        tolerance: An absolute distance from the expected answer that is right, too; None for
            the usual tolerances alone.
        starts: All so far.
        library_class: Label of the class that its last worker proved.
    """

    binding: Binding
    setting: Setting
    folder: Path
    tolerance: float | None = None
    starts: list[Start] = field(default_factory=list)
    library_class: str = ""
    _conversation: Conversation | None = None

    @property
    def name(self) -> str:
        """What to call it in a table."""
        name = self.setting.name
        return self.binding.id if name == "default" else f"{self.binding.id} {name}"

    @property
    def worker(self) -> Conversation:
        """The worker that has started last."""
        assert self._conversation is not None  # noqa: S101  (start() comes first)
        return self._conversation

    def start(self, subject: Subject) -> None:
        """Start a fresh worker in the place of the last one, and make its first call.

        Raises:
            SetupError: The binding cannot run on this machine.
            LoadRefusedError: It does not load this model, or not with this profile.
            WorkerError: It broke off.
            WrongAnswerError: The answer is wrong.
        """
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.binding.require()
        self._conversation = conversation = self._new(self.folder)
        with Watch(lambda: conversation.pid) as watch:
            conversation.start()
            greeted = time.monotonic()
        info = conversation.open(self._target(subject))
        first = conversation.run(subject.case)
        self._verify(first, subject)
        process, library = greeted - conversation.started, None
        if watch.mapped is not None and watch.mapped < greeted:
            process, library = watch.mapped - conversation.started, greeted - watch.mapped
        self.starts.append(Start(process, library, info.load_seconds, first.seconds or 0.0))
        self.library_class = info.library_class

    def _new(self, folder: Path) -> Conversation:
        setting = self.setting
        return Conversation(self.binding, folder, setting.config, environment=setting.environment)

    def _target(self, subject: Subject) -> Target:
        target = subject.target
        return replace(target, folder=self.setting.frozen) if self.setting.frozen else target

    def turn(self, subject: Subject, runs: int) -> float:
        """Time so many calls one after the other; return their median in nanoseconds.

        Raises:
            WorkerError: It broke off.
            WrongAnswerError: The last answer is wrong, or there is none.
        """
        return statistics.median(self._bench(self.worker, subject, runs))

    def _bench(self, conversation: Conversation, subject: Subject, runs: int) -> list[int]:
        samples, out = conversation.folder / "samples", conversation.folder / "bench"
        reply = conversation.request(
            "bench", subject.case.signature, str(subject.case.inputs), str(out),
            "0", str(runs), str(samples), timeout=_PATIENCE,
        )  # fmt: skip
        if reply.status != "ok":
            outcome = Outcome.UNSUPPORTED if reply.status == "unsupported" else Outcome.ERROR
            raise WrongAnswerError(reply.message, outcome)
        self._verify(Answer(outputs=read_raw_bundle(out)), subject)
        return [int(sample) for sample in np.fromfile(samples, dtype="<u8")]

    def _verify(self, answer: Answer, subject: Subject) -> judge.Verdict:
        verdict = judge.against_outputs(answer, subject.expected, same_class=False)
        if not verdict.within(self.tolerance):
            raise WrongAnswerError(verdict.detail, verdict.outcome)
        return verdict

    def judged(self, subject: Subject) -> judge.Verdict:
        """Run the case once more, and say how far the answer is from the expected one.

        Raises:
            WrongAnswerError: Too far.
        """
        return self._verify(self.worker.run(subject.case), subject)

    def warm_up(
        self, subject: Subject, turn_seconds: float, longest: float = LONGEST_WARM_UP
    ) -> WarmUp:
        """Call until the median of a turn is steady and the runtime has compiled.

        It takes ``longest`` seconds at most.

        Raises:
            WorkerError, WrongAnswerError: As `turn`.
        """
        began = time.monotonic()
        runs, calls, medians = 1, 0, [float("inf")]
        while time.monotonic() - began < longest:
            medians.append(self.turn(subject, runs))
            calls += runs
            runs = runs_for(turn_seconds, medians[-1])
            if calls >= self.binding.warm_up and _steady(medians):
                break
        return WarmUp(time.monotonic() - began, calls, runs, _steady(medians))

    def cycle(self, subject: Subject) -> float:
        """Load the model, run the case once and unload; return how many nanoseconds that took.

        Raises:
            LoadRefusedError: It does not load this model, or cannot unload.
            WorkerError, WrongAnswerError: As `turn`.
        """
        began = time.monotonic_ns()
        self.worker.open(self._target(subject))
        self._verify(self.worker.run(subject.case, retry=False), subject)
        self.unload()
        return time.monotonic_ns() - began

    def unload(self) -> None:
        """Have its worker let go of the model.

        Raises:
            LoadRefusedError: It cannot, and has been ended.
            WorkerError: It broke off.
        """
        self.worker.release()
        if self.worker.pid is None:
            raise LoadRefusedError(Answer(Outcome.UNSUPPORTED, detail="verb unload"))

    def throughput(self, subject: Subject, workers: int, runs: int, turns: int) -> list[float]:
        """Let so many workers call at once, each in a process of its own.

        Returns:
            Calls per second of all of them together, turn by turn.

        Raises:
            WorkerError, WrongAnswerError: As `turn`.
        """
        with self._more(subject, workers - 1) as more, ThreadPoolExecutor(workers) as pool:
            team = [self.worker, *more]
            rates = []
            # The first one warms the new workers up.
            warming = max(runs, min(self.binding.warm_up, _MOST_WARMING_TURNS * runs))
            for calls in (warming, *[runs] * turns):
                began = time.monotonic()
                tasks = [pool.submit(self._bench, one, subject, calls) for one in team]
                for task in tasks:
                    task.result()
                rates.append(workers * calls / (time.monotonic() - began))
        return rates[1:]

    @contextlib.contextmanager
    def _more(self, subject: Subject, count: int) -> Iterator[list[Conversation]]:
        """Have more workers with the model loaded, for as long as they are needed."""
        team = [self._new(self.folder / f"more-{number}") for number in range(count)]
        try:
            for one in team:
                one.open(self._target(subject))
            yield team
        finally:
            for one in team:
                one.stop()

    def accuracy(self, labelled: Labelled) -> float | None:
        """Return the share of labelled rows that it gets right; None without an answer."""
        return labelled.accuracy(self.worker.run(labelled.case))

    def close(self) -> None:
        """End its worker, if it has one."""
        if self._conversation is not None:
            self._conversation.stop()
            self._conversation = None


@dataclass(frozen=True)
class WarmUp:
    """A warm-up.

    Attributes:
        seconds: How long it took.
        calls: How many it took.
        runs: The calls of a turn from now on.
        steady: Whether the medians became steady, or the time was over.
    """

    seconds: float
    calls: int
    runs: int
    steady: bool


def _steady(medians: Sequence[float]) -> bool:
    last = medians[-_STEADY_TURNS:]
    return len(last) == _STEADY_TURNS and max(last) <= (1 + _STEADY_WITHIN) * min(last)


def runs_for(seconds: float, call_ns: float) -> int:
    """Return how many calls take about so long; one at least."""
    return max(1, min(10_000, round(seconds * 1e9 / max(call_ns, 1.0))))
