"""Finds out which setting is fastest, and which of those leave every bit as it is.

Each setting is tried alone first: it answers every case, which are held against the
answers with nothing set, and is timed for a moment. The fastest of those then take turns in
fresh processes, and only what that race shows is said: the first glance picked them, and
would flatter them.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from stele.bench import rounds
from stele.bench.contestant import FAILURES, Contestant, Setting, WrongAnswerError
from stele.bench.settings import DEFAULT
from stele.bench.statistics import Estimate, ratio
from stele.bench.subject import Prepared, Subject
from stele.parity import judge
from stele.parity.binding import Binding
from stele.parity.record import Advice, Benchmark, Journal, Outcome, Result, Trial

_GLANCE_TURNS = 5
_GLANCE_SECONDS = 0.05
_GLANCE_WARM_UP = 1.0
# Who is slower than the fastest by more than this at first glance does not race.
_CHANCE = 1.3
_RACERS = 4

IDENTICAL, TOLERANCE = "identical", "tolerance"
KINDS = {
    IDENTICAL: "Fastest with every bit as it is",
    TOLERANCE: "Fastest within the tolerance",
}


@dataclass(frozen=True)
class Choice:
    """A binding with a setting."""

    binding: Binding
    setting: Setting = DEFAULT


def tune(
    journal: Journal,
    prepared: Prepared,
    choices: Sequence[Choice],
    effort: rounds.Effort,
    tolerance: float | None = None,
    say: rounds.Say = lambda _what: None,
) -> None:
    """Try all choices on a model, race the best of them, and write down what is fastest.

    Args:
        journal: Gets a `Trial` for each choice, a `Benchmark` for each that raced, and an
            `Advice` for bits as they are and one for the tolerance.
        prepared: The model, with one subject.
        choices: The first is what others are held against.
        effort: Of the race.
        tolerance: An absolute distance that is near enough; None for the usual tolerances.
        say: Told what is being done.

    Raises:
        SetupError, LoadRefusedError, WorkerError, WrongAnswerError: The first choice fails.
    """
    folder = journal.file.parent / "turns"
    contestants = [
        Contestant(one.binding, one.setting, folder / str(number), tolerance)
        for number, one in enumerate(choices)
    ]
    base, *others = contestants
    glance = _Glance(journal, prepared, say)
    glance.begin(base)
    for contestant in others:
        glance.at(contestant)
    race = replace(prepared, subjects=[glance.measured])
    rounds.measure(journal, race, _racers(contestants, glance.trials), effort, say)
    ran = [one for one in journal.of(Benchmark) if one.model == prepared.target.name]
    for kind in KINDS:
        if (found := _advice(ran, glance.trials, kind)) is not None:
            journal.add(found)


@dataclass
class _Glance:
    """Tries contestants one at a time: only one of them holds a model."""

    journal: Journal
    prepared: Prepared
    say: rounds.Say

    def __post_init__(self) -> None:
        self.trials: list[Trial] = []
        self._subjects: list[Subject] = []
        self.measured = self.prepared.subjects[0]
        self._deviations = {(r.binding, r.case) for r in self.journal.of(Result) if r.known}

    def begin(self, base: Contestant) -> None:
        """Try the first one: what it answers is what is expected of the others."""
        self.say(f"{self.prepared.target.name}: {base.name}")
        try:
            base.start(self.measured)
            self._subjects = [
                replace(one, expected=outputs)
                for one in self.prepared.answered
                if one.case.signature == self.measured.case.signature
                and (outputs := base.worker.run(one.case).outputs) is not None
            ]
            answer = base.worker.run(self.measured.case).outputs
            assert answer is not None  # noqa: S101  (its first call was right)
            self.measured = replace(self.measured, expected=answer)
            self._add(base, self._try(base))
        finally:
            base.close()

    def at(self, contestant: Contestant) -> None:
        """Try another one; what fails is a trial with a reason."""
        self.say(f"{self.prepared.target.name}: {contestant.name}")
        try:
            contestant.start(self.measured)
            self._add(contestant, self._try(contestant))
        except FAILURES as error:
            self._add(contestant, _Tried(reason=str(error)))
        finally:
            contestant.close()

    def _try(self, one: Contestant) -> _Tried:
        verdicts = [self._judged(one, subject) for subject in self._subjects]
        distances = [distance for verdict in verdicts for distance in verdict.distances]
        runs = one.warm_up(self.measured, _GLANCE_SECONDS, _GLANCE_WARM_UP).runs
        return _Tried(
            # An answer without elements says nothing for or against.
            sum(one.outcome is Outcome.PASS and one.identical is not False for one in verdicts),
            len(verdicts),
            max((one.ulp for one in distances if one.ulp is not None), default=None),
            max((one.absolute for one in distances if one.absolute is not None), default=None),
            tuple(one.turn(self.measured, runs) for _ in range(_GLANCE_TURNS)),
        )

    def _judged(self, one: Contestant, subject: Subject) -> judge.Verdict:
        """Judge a case; that a known deviation shows again is not held against a binding."""
        try:
            return one.judged(subject)
        except WrongAnswerError as error:
            if (one.binding.id, subject.case.name) not in self._deviations:
                raise
            return judge.Verdict(Outcome.MISMATCH, str(error))

    def _add(self, one: Contestant, tried: _Tried) -> None:
        trial = Trial(
            model=self.prepared.target.name,
            binding=one.binding.id,
            setting=one.setting.name,
            config=one.setting.config,
            environment=dict(one.setting.environment),
            frozen=one.setting.frozen.name if one.setting.frozen is not None else "",
            **asdict(tried),
        )
        self.trials.append(trial)
        self.journal.add(trial)


@dataclass(frozen=True)
class _Tried:
    """What came of one trial; the fields are those of `Trial`."""

    identical: int = 0
    cases: int = 0
    ulp: int | None = None
    absolute: float | None = None
    call_ns: tuple[float, ...] = ()
    reason: str = ""


def _racers(contestants: Sequence[Contestant], trials: Sequence[Trial]) -> list[Contestant]:
    """Return the first one, and the fastest at first glance: with all bits, and at all."""
    tried = {
        number: statistics.median(trial.call_ns)
        for number, trial in enumerate(trials)
        if not trial.reason
    }
    chosen = {0}
    for group in (
        [number for number in tried if trials[number].identical == trials[number].cases],
        list(tried),
    ):
        ordered = sorted(group, key=tried.__getitem__)
        chosen |= {
            number for number in ordered[:_RACERS] if tried[number] <= _CHANCE * tried[ordered[0]]
        }
    return [contestants[number] for number in sorted(chosen)]


def _advice(race: Sequence[Benchmark], trials: Sequence[Trial], kind: str) -> Advice | None:
    """Return which setting of a kind is surely faster than the first, and fastest; or None."""
    keeps_bits = {
        (trial.binding, trial.setting): trial.identical == trial.cases for trial in trials
    }
    base, *others = race
    faster = {
        (one.binding, one.profile): gain
        for one in others
        if (kind == TOLERANCE or keeps_bits[one.binding, one.profile])
        and (gain := times(base, one)).low > 1
    }
    if not faster:
        return None
    binding, setting = best = max(faster, key=lambda one: faster[one].value)
    gain = faster[best]
    return Advice(base.model, kind, binding, setting, gain.value, gain.low, gain.high)


def times(base: Benchmark, one: Benchmark) -> Estimate:
    """Return how many times as fast as the first setting one is, round by round."""
    return ratio(base.call_ns, one.call_ns)
