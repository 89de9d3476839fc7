"""All contestants take turns; what breaks off or answers wrongly leaves the race."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from stele.bench import footprint
from stele.bench.contestant import FAILURES, LONGEST_WARM_UP, Contestant, WarmUp, runs_for
from stele.bench.subject import Prepared, Subject
from stele.parity.record import Benchmark, Journal, Startup, Unmeasured

Say = Callable[[str], None]
"""Told what is being measured."""

# Turns for each number of workers: these are not interleaved, for each holds a model.
_THROUGHPUT_TURNS = 6
_THROUGHPUT_SECONDS = 0.5


@dataclass(frozen=True)
class Effort:
    """How much is measured.

    Attributes:
        rounds: In each, every contestant has a turn. They are shared among the starts, so
            that a process which is luckier than the next does not decide a race.
        turn_seconds: About how long a turn is; a slow call is one turn.
        starts: Fresh workers of each contestant, one after the other.
        warm_up_seconds: How long a contestant is warmed up at most.
        workers: How many call at once, for throughput; none to leave that out.
    """

    rounds: int = 15
    turn_seconds: float = 0.1
    starts: int = 3
    warm_up_seconds: float = LONGEST_WARM_UP
    workers: tuple[int, ...] = ()

    @property
    def share(self) -> int:
        """Return how many rounds each start has: as many as the next, and one at least."""
        return math.ceil(self.rounds / self.starts)


@dataclass
class _Race:
    """Who is still in it.

    Attributes:
        journal: Gets every record as soon as it is known.
        prepared: The model.
        left_in: Contestants that have not failed.
        say: Told what is being measured.
    """

    journal: Journal
    prepared: Prepared
    left_in: list[Contestant]
    say: Say

    def each(self, doing: str, step: Callable[[Contestant], None], *, mix: bool = False) -> None:
        """Take a step with every contestant; for whom it fails, that was the last one.

        Args:
            doing: What to say.
            step: The step.
            mix: In an order of its own, so that nobody always follows the same one.
        """
        order = random.sample(self.left_in, len(self.left_in)) if mix else list(self.left_in)
        for contestant in order:
            self.say(f"{self.prepared.target.name}: {doing}: {contestant.name}")
            try:
                step(contestant)
            except FAILURES as error:
                self._drop(contestant, error)

    def _drop(self, contestant: Contestant, error: Exception) -> None:
        self.left_in.remove(contestant)
        contestant.close()
        model, binding = self.prepared.target.name, contestant.binding.id
        self.journal.add(Unmeasured(model, binding, contestant.setting.name, str(error)))


def measure(
    journal: Journal,
    prepared: Prepared,
    contestants: Sequence[Contestant],
    effort: Effort,
    say: Say = lambda _what: None,
) -> None:
    """Measure contestants on one model, and write down the figures of each.

    Raises:
        SteleError: A ``binding.toml`` says that something is installed which is not.
    """
    race = _Race(journal, prepared, list(contestants), say)
    first = prepared.subjects[0]
    courses = [_Course(subject, effort) for subject in prepared.subjects]
    try:
        for number in range(effort.starts):
            race.each(f"start {number + 1} of {effort.starts}", lambda one: one.start(first))
            for course in courses:
                course.run(race)
        for course in courses:
            course.end(race)
        race.each("memory and size", lambda one: journal.add(_startup(one, prepared)))
    finally:
        for contestant in contestants:
            contestant.close()


@dataclass
class _Turns:
    """What one contestant has done on a course, in all its processes."""

    identical: bool = True
    calls: int = 0
    warm_ups: list[WarmUp] = field(default_factory=list)
    medians: list[float] = field(default_factory=list)
    throughput: dict[str, list[float]] = field(default_factory=dict)


@dataclass
class _Course:
    """One case: after each start, every contestant is warmed up, then they take turns."""

    subject: Subject
    effort: Effort
    _turns: dict[int, _Turns] = field(default_factory=dict)

    def run(self, race: _Race) -> None:
        """Have the processes that have just been started take their share of the rounds."""
        case = self.subject.case.name
        race.each(f"{case}: warm-up", self._warm_up)
        for number in range(self.effort.share):
            doing = f"{case}: round {number + 1} of {self.effort.share}"
            race.each(doing, self._turn, mix=True)

    def end(self, race: _Race) -> None:
        """Measure what the last processes alone are asked for, and write down the figures."""
        case = self.subject.case.name
        if self.effort.workers:
            race.each(f"{case}: throughput", self._throughput)
        race.each(case, lambda one: race.journal.add(self._benchmark(one)))

    def _warm_up(self, one: Contestant) -> None:
        turns = self._turns.setdefault(id(one), _Turns())
        turns.identical &= bool(one.judged(self.subject).identical)
        turns.warm_ups.append(
            one.warm_up(self.subject, self.effort.turn_seconds, self.effort.warm_up_seconds)
        )

    def _turn(self, one: Contestant) -> None:
        turns = self._turns[id(one)]
        runs = turns.warm_ups[-1].runs
        turns.medians.append(one.turn(self.subject, runs))
        turns.calls += runs

    def _throughput(self, one: Contestant) -> None:
        turns = self._turns[id(one)]
        runs = runs_for(_THROUGHPUT_SECONDS, turns.medians[-1])
        for workers in self.effort.workers:
            rates = one.throughput(self.subject, workers, runs, _THROUGHPUT_TURNS)
            turns.throughput[str(workers)] = rates

    def _benchmark(self, one: Contestant) -> Benchmark:
        turns = self._turns[id(one)]
        longest = max(turns.warm_ups, key=lambda warm_up: warm_up.seconds)
        return Benchmark(
            model=self.subject.target.name,
            binding=one.binding.id,
            profile=one.setting.name,
            case=self.subject.case.name,
            batch=self.subject.batch,
            library_class=one.library_class,
            identical=turns.identical,
            call_ns=tuple(turns.medians),
            calls=turns.calls,
            warm_up_s=longest.seconds,
            warm_up_calls=longest.calls,
            steady=all(warm_up.steady for warm_up in turns.warm_ups),
            processes=len(turns.warm_ups),
            throughput=turns.throughput,
        )


def _startup(one: Contestant, prepared: Prepared) -> Startup:
    """Say what is the same for all cases of a model."""
    peak, pid = one.worker.peak_memory(), one.worker.pid
    return Startup(
        model=prepared.target.name,
        binding=one.binding.id,
        profile=one.setting.name,
        library_class=one.library_class,
        process_s=tuple(start.process for start in one.starts),
        library_s=tuple(s.library for s in one.starts if s.library is not None),
        load_s=tuple(start.load for start in one.starts),
        first_call_s=tuple(start.first_call for start in one.starts),
        peak_bytes=peak,
        disk_bytes=footprint.of(one.binding, pid) if pid is not None else None,
        download_bytes=footprint.download(one.binding),
        accuracy=one.accuracy(prepared.labelled) if prepared.labelled is not None else None,
    )
