"""Property-based parity: inputs that hypothesis draws, and the smallest that sets one apart.

A model is loaded once in the reference and in each binding; every example runs in all
of them. The first disagreement is shrunk to a failure that `stele replay` takes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import hypothesis
from hypothesis import HealthCheck, Phase

from stele import savedmodel
from stele.contract.bundle import write_bundle
from stele.contract.codes import Code, SteleError
from stele.contract.dtypes import Array
from stele.contract.signature import Signature, find_signature
from stele.parity import draw, expected, explain, judge
from stele.parity.binding import Binding, discover
from stele.parity.case import Case, Target
from stele.parity.cells import Asked, Cells
from stele.parity.conversation import Answer, Conversation, Timeouts, clear
from stele.parity.expected import Expected
from stele.parity.judge import Verdict
from stele.parity.limits import Limits
from stele.parity.plan import LOAD_CASE
from stele.parity.record import Fuzzed, Journal, Outcome, Result
from stele.parity.reference import FUNCTION, REFERENCES, SESSION, expected_of, has_elements
from stele.savedmodel.effects import Effects

# Examples of one seed; the next have the next one.
_EXAMPLES = 200
# How many times the time of the reference a binding has.
_PATIENCE = 3
# So many bindings run an example at once, and the reference alone: where each of them takes
# all cores, as the reference did, none is late by what the others compute.
_AT_ONCE = _PATIENCE
_BROKE_OFF = (Outcome.CRASH, Outcome.TIMEOUT, Outcome.LIMIT, Outcome.PROTOCOL)


class _DisagreementError(Exception):
    """A binding's answer is not the reference's."""


@dataclass(frozen=True)
class _Disagreement:
    """What is kept of one."""

    conversation: Conversation
    answer: Answer
    verdict: Verdict
    reference: Conversation
    right: Answer


@dataclass
class Fuzz:
    """Runs what hypothesis draws.

    Attributes:
        folder: For bundles, logs and failures.
        journal: Gets every record.
        config: What models are loaded with, in the reference too.
        seconds: For each signature.
        seed: Of the first examples.
        timeouts: For each request.
        limits: Of each worker, the reference's too.
    """

    folder: Path
    journal: Journal
    config: str = "default"
    seconds: float = 60
    seed: int = 0
    timeouts: Timeouts = field(default_factory=Timeouts)
    limits: Limits = field(default_factory=Limits)

    def check(self, target: Target, bindings: Sequence[Binding], only: str | None = None) -> None:
        """Fuzz the signatures of a model, one after the other.

        Args:
            target: The model.
            bindings: Which are held against Python's session, or its function for those
                that run that; no references.
            only: This signature; None for all.

        Raises:
            SteleError: FAILED_PRECONDITION when the reference does not load it.
        """
        meta_graph = savedmodel.load(target.folder, target.tags)
        signatures = savedmodel.signatures(meta_graph)
        effects = savedmodel.effects_of(meta_graph)
        values = expected.of_meta_graph(meta_graph)
        if only is not None:
            find_signature(signatures, only)
        compared = [binding for binding in bindings if binding.id not in REFERENCES]
        with self._loaded(target, compared) as (references, others):
            for name in signatures if only is None else [only]:
                if why := _unfit(signatures, name, effects.get(name, Effects())):
                    for other in others:
                        self.journal.add(_result(target, other, name, Outcome.NOT_RUN, why))
                    continue
                one = _One(self, target, signatures[name], values.get(name, {}), references, others)
                one.run()

    @contextmanager
    def _loaded(
        self, target: Target, bindings: Sequence[Binding]
    ) -> Iterator[tuple[Mapping[str, Conversation], list[Conversation]]]:
        """Load a model everywhere; a binding that does not is left out, and that is said.

        The references are by execution path: the session always, the function where
        somebody else runs that too.
        """
        started: list[Conversation] = []

        def opened(binding: Binding) -> Answer | None:
            folder = self.folder / "workers" / binding.id
            started.append(
                Conversation(binding, folder, self.config, self.timeouts, limits=self.limits)
            )
            loaded = started[-1].try_open(target)
            if isinstance(loaded, Answer):
                return loaded
            self.journal.add(loaded)
            return None

        try:
            if (answer := opened(discover()[SESSION])) is not None:
                raise SteleError(Code.FAILED_PRECONDITION, f"{SESSION}: {explain.reason(answer)}")
            references = {"session": started[-1]}
            runs_function = any(binding.execution == "function" for binding in bindings)
            if runs_function and opened(discover()[FUNCTION]) is None:
                references["function"] = started[-1]
            others = []
            for binding in bindings:
                if (answer := opened(binding)) is None:
                    others.append(started[-1])
                    continue
                outcome, why = answer.outcome or Outcome.UNSUPPORTED, explain.reason(answer)
                self.journal.add(_result(target, started[-1], "", outcome, why))
            yield references, others
        finally:
            for conversation in started:
                conversation.stop()


def _unfit(signatures: Mapping[str, Signature], name: str, effects: Effects) -> str:
    """Say why a signature has no answers that can be compared one by one; empty if it has."""
    try:
        find_signature(signatures, name)
    except SteleError as error:
        return error.message
    for what, ops in (
        ("writes variables", effects.writes_variables),
        ("writes files", effects.writes_files),
        ("draws random numbers", effects.random),
    ):
        if ops:
            return f"not fuzzed: it {what} ({', '.join(ops)})"
    return "" if signatures[name].inputs else "not fuzzed: it takes no inputs"


def _result(
    target: Target, conversation: Conversation, signature: str, outcome: Outcome, detail: str = ""
) -> Result:
    label = conversation.library_class.label
    binding = conversation.binding.id
    case = f"{signature}/fuzz" if signature else LOAD_CASE
    return Result(target.name, binding, case, signature, outcome, detail, label)


@dataclass
class _One:
    """One signature."""

    fuzz: Fuzz
    target: Target
    signature: Signature
    expected: Mapping[str, Expected]
    references: Mapping[str, Conversation]
    others: Sequence[Conversation]
    examples: int = 0
    answered: int = 0
    found: _Disagreement | None = None

    def __post_init__(self) -> None:
        name = f"{self.signature.name}/fuzz"
        folder = self.fuzz.folder / "drawn"
        self.case = Case(name, self.signature.name, folder, generated=True)

    def run(self) -> None:
        """Draw until the time is over, or two disagree; write down what came of it."""
        start = time.monotonic()
        seed = self.fuzz.seed
        while self.found is None and time.monotonic() - start < self.fuzz.seconds:
            self._round(seed)
            seed += 1
        seconds = time.monotonic() - start
        journal = self.fuzz.journal
        journal.add(
            Fuzzed(
                self.target.name, self.signature.name, self.fuzz.seed, self.examples,
                self.answered, seconds,
            )
        )  # fmt: skip
        if self.found is not None:
            self._keep(self.found)
        outcome = Outcome.PASS if self.answered else Outcome.NOT_ANSWERED
        for other in self.others:
            if self.found is None or other is not self.found.conversation:
                result = _result(self.target, other, self.signature.name, outcome)
                same = self._neighbour(other).library_class.same_as(other.library_class)
                identical = same or None if self.answered else None
                journal.add(replace(result, identical=identical))

    def _round(self, seed: int) -> None:
        """Run the examples of one seed; a disagreement is shrunk before this returns."""
        settings = hypothesis.settings(
            max_examples=_EXAMPLES,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            verbosity=hypothesis.Verbosity.quiet,
        )
        strategy = draw.inputs(self.signature, self.expected)
        try:
            hypothesis.seed(seed)(settings(hypothesis.given(strategy)(self._example)))()
        except _DisagreementError:
            pass
        except hypothesis.errors.FlakyFailure:
            assert self.found is not None  # noqa: S101  (the first try raised)

    def _example(self, inputs: dict[str, Array]) -> None:
        """Run one example everywhere, or up to the first that answers otherwise.

        Raises:
            _DisagreementError: One binding answers otherwise; the first, in their order.
        """
        self.examples += 1
        clear(self.case.inputs)
        write_bundle(self.case.inputs, inputs)
        right = {path: self._ask([one], 1)[0] for path, one in self.references.items()}
        self.answered += has_elements(right["session"])
        for start in range(0, len(self.others), _AT_ONCE):
            several = self.others[start : start + _AT_ONCE]
            for other, answer in zip(several, self._ask(several, _PATIENCE), strict=True):
                self._judge(other, answer, right[self._path(other)])

    def _judge(self, other: Conversation, answer: Answer, right: Answer) -> None:
        reference = self._neighbour(other)
        same_class = reference.library_class.same_as(other.library_class)
        verdict = judge.against_reference(answer, right, same_class=same_class)
        if verdict.red:
            self.found = _Disagreement(other, answer, verdict, reference, right)
            raise _DisagreementError(verdict.detail)

    def _neighbour(self, other: Conversation) -> Conversation:
        """Return who a binding is held against."""
        return self.references[self._path(other)]

    def _path(self, other: Conversation) -> str:
        execution = other.binding.execution
        return execution if execution in self.references else "session"

    def _ask(self, several: Sequence[Conversation], patience: float) -> list[Answer]:
        """Have several run the example at once; all have answered before this returns."""
        asked = [conversation.ask(self.case, patience) for conversation in several]
        answers = [answer() for answer in asked]
        for conversation, answer in zip(several, answers, strict=True):
            if answer.outcome in _BROKE_OFF:
                # However often that is: what breaks off is to be shrunk.
                conversation.open(self.target)
        return answers

    def _keep(self, found: _Disagreement) -> None:
        """Write the disagreement down; the bundle on disk is that of the last example."""
        cells = Cells(self.fuzz.folder, self.fuzz.journal)
        cells.decide(
            Asked(self.target, found.conversation),
            self.case,
            found.answer,
            found.verdict,
            expected_of(found.right),
            same_class=found.reference.library_class.same_as(found.conversation.library_class),
        )
