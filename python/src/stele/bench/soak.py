"""Thousands of runs, and hundreds of loads: what they do to memory, and to time.

A binding is compared with itself, its later turns with its earlier ones. Memory has a verdict;
time has none, for on a shared machine it is not the binding's alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stele.bench.contestant import FAILURES, Contestant, WrongAnswerError
from stele.bench.statistics import Estimate, difference, ratio
from stele.bench.subject import Subject
from stele.contract.codes import Code, SteleError
from stele.parity.binding import SetupError
from stele.parity.conversation import LoadRefusedError
from stele.parity.process import WorkerError
from stele.parity.record import Journal, Outcome, Result, Soaked

Say = Callable[[str], None]
"""Told what is being done."""

RUNS, LOADS = "runs", "loads"
CASE = "soak/"
"""How the case of a result begins that stands for figures which there are not."""
FEWEST = 12
"""Turns, for six pairs of them: fewer have no interval of 95 %."""
_MOST_TURNS = 40
# Before the first turn that counts: a part of what is counted. Pools of memory and of threads
# are filled by then, and a runtime that compiles has done so.
_WARM_UP = 4
BOUND = {RUNS: 1 << 20, LOADS: 4 << 20}
"""Bytes by which memory may surely grow over all runs, or all loads.

Allocators keep what they were given back, in pieces: no program's memory is level to the page.
"""


@dataclass(frozen=True)
class Effort:
    """How much is done.

    Attributes:
        runs: Of one load; at least `FEWEST`.
        loads: Each with one run, and unloaded again; at least `FEWEST`.
    """

    runs: int = 20_000
    loads: int = 200


def soak(
    journal: Journal,
    subject: Subject,
    contestants: Sequence[Contestant],
    effort: Effort,
    say: Say = lambda _what: None,
) -> None:
    """Let contestants run, one after the other, and write down what became of each.

    What breaks off or answers wrongly leaves a result that says so; the others go on.
    """
    steps = {RUNS: (effort.runs, _runs), LOADS: (effort.loads, _loads)}
    for contestant in contestants:
        for over, (count, step) in steps.items():
            say(f"{subject.target.name}: {count} {over}: {contestant.name}")
            try:
                contestant.start(subject)
                journal.add(step(contestant, subject, count))
            except FAILURES as error:
                journal.add(_broken_off(contestant, subject, over, error))
            finally:
                contestant.close()


def _runs(one: Contestant, subject: Subject, count: int) -> Soaked:
    """Soak in runs of the model that its start has loaded."""
    turns = min(_MOST_TURNS, count)
    each = count // turns
    _warm_up(turns, lambda: one.turn(subject, each))
    memory, ns = _turns(one, turns, lambda: one.turn(subject, each))
    return _soaked(one, subject, RUNS, turns * each, memory, ns)


def _loads(one: Contestant, subject: Subject, count: int) -> Soaked:
    """Soak in loads; each is a turn."""
    one.unload()
    _warm_up(count, lambda: one.cycle(subject))
    memory, ns = _turns(one, count, lambda: one.cycle(subject))
    return _soaked(one, subject, LOADS, count, memory, ns)


def _warm_up(turns: int, turn: Callable[[], float]) -> None:
    for _ in range(-(-turns // _WARM_UP)):
        turn()


def _turns(
    one: Contestant, turns: int, turn: Callable[[], float]
) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Take turns; return the resident bytes after each, and what each gave."""
    memory, ns = [], []
    for _ in range(turns):
        ns.append(turn())
        resident = one.worker.resident_memory()
        if resident is None:
            raise SteleError(Code.FAILED_PRECONDITION, "a process's memory is read from /proc")
        memory.append(resident)
    return tuple(memory), tuple(ns)


def _soaked(
    one: Contestant,
    subject: Subject,
    over: str,
    count: int,
    memory: tuple[int, ...],
    ns: tuple[float, ...],
) -> Soaked:
    grown = growth(memory, count // len(memory))
    return Soaked(
        model=subject.target.name,
        binding=one.binding.id,
        case=subject.case.name,
        over=over,
        count=count,
        memory_bytes=memory,
        ns=ns,
        growth=(grown.value, grown.low, grown.high),
        leaks=grown.low * count > BOUND[over],
    )


def growth(memory: Sequence[int], each: int) -> Estimate:
    """Return the slope of memory: bytes for each run.

    Each turn of the first half is paired with one of the second, as far on in it.

    Args:
        memory: Resident bytes after each turn.
        each: Runs in a turn.
    """
    earlier, later = _halves(memory)
    return difference(later, earlier).scaled(1 / (each * (len(memory) - len(earlier))))


def drift(ns: Sequence[float]) -> Estimate:
    """Return how many times the first half's durations the second half's are."""
    earlier, later = _halves(ns)
    return ratio(later, earlier)


def _halves(values: Sequence[float]) -> tuple[Sequence[float], Sequence[float]]:
    half = len(values) // 2
    return values[:half], values[-half:]


def _broken_off(one: Contestant, subject: Subject, over: str, error: Exception) -> Result:
    return Result(
        model=subject.target.name,
        binding=one.binding.id,
        case=f"{CASE}{over}",
        signature=subject.case.signature,
        outcome=_outcome(error),
        detail=str(error),
        library_class=one.library_class,
    )


def _outcome(error: Exception) -> Outcome:
    match error:
        case SetupError():
            return Outcome.SETUP
        case WorkerError() | WrongAnswerError():
            return Outcome(error.outcome)
        case LoadRefusedError():
            return error.answer.outcome or Outcome.ERROR
    raise error
