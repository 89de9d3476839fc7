"""Property-based parity: inputs that hypothesis draws, and the smallest that sets one apart.

A model is loaded once in the reference and in each binding; every example runs in all
of them. The first disagreement is shrunk to a failure that `stele replay` takes.
"""

from __future__ import annotations

import shutil
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
from stele.parity.conversation import Answer, Conversation, Timeouts
from stele.parity.expected import Expected
from stele.parity.judge import Verdict
from stele.parity.limits import Limits
from stele.parity.plan import LOAD_CASE
from stele.parity.record import Fuzzed, Journal, Outcome, Result
from stele.parity.reference import REFERENCES, SESSION, expected_of, has_elements
from stele.savedmodel.effects import Effects

# Examples of one seed; the next have the next one.
_EXAMPLES = 200
# How many times the time of the reference a binding has.
_PATIENCE = 3
_BROKE_OFF = (Outcome.CRASH, Outcome.TIMEOUT, Outcome.LIMIT, Outcome.PROTOCOL)


class _DisagreementError(Exception):
    """A binding's answer is not the reference's."""


@dataclass(frozen=True)
class _Disagreement:
    """What is kept of one."""

    conversation: Conversation
    answer: Answer
    verdict: Verdict
    reference: Answer


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
            bindings: Which are held against a session in Python; no references.
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
        with self._loaded(target, bindings) as (reference, others):
            for name in signatures if only is None else [only]:
                if why := _unfit(signatures, name, effects.get(name, Effects())):
                    for other in others:
                        self.journal.add(_result(target, other, name, Outcome.NOT_RUN, why))
                    continue
                one = _One(self, target, signatures[name], values.get(name, {}), reference, others)
                one.run()

    @contextmanager
    def _loaded(
        self, target: Target, bindings: Sequence[Binding]
    ) -> Iterator[tuple[Conversation, list[Conversation]]]:
        """Load a model everywhere; a binding that does not is left out, and that is said."""
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
            others = []
            for binding in bindings:
                if binding.id in REFERENCES:
                    continue
                if (answer := opened(binding)) is None:
                    others.append(started[-1])
                    continue
                outcome, why = answer.outcome or Outcome.UNSUPPORTED, explain.reason(answer)
                self.journal.add(_result(target, started[-1], "", outcome, why))
            yield started[0], others
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
    reference: Conversation
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
                same = self.reference.library_class.same_as(other.library_class)
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
        """Run one example everywhere.

        Raises:
            _DisagreementError: One binding answers otherwise.
        """
        self.examples += 1
        shutil.rmtree(self.case.inputs, ignore_errors=True)
        write_bundle(self.case.inputs, inputs)
        right = self._ask(self.reference, 1)
        self.answered += has_elements(right)
        for other in self.others:
            answer = self._ask(other, _PATIENCE)
            same_class = self.reference.library_class.same_as(other.library_class)
            verdict = judge.against_reference(answer, right, same_class=same_class)
            if verdict.red:
                self.found = _Disagreement(other, answer, verdict, right)
                raise _DisagreementError(verdict.detail)

    def _ask(self, conversation: Conversation, patience: float) -> Answer:
        answer = conversation.run(self.case, patience, retry=False)
        for output in (conversation.folder / "outputs").iterdir():
            shutil.rmtree(output, ignore_errors=True)
        if answer.outcome in _BROKE_OFF:
            # However often that is: what breaks off is to be shrunk.
            conversation.open(self.target)
        return answer

    def _keep(self, found: _Disagreement) -> None:
        """Write the disagreement down; the bundle on disk is that of the last example."""
        cells = Cells(self.fuzz.folder, self.fuzz.journal)
        cells.decide(
            Asked(self.target, found.conversation),
            self.case,
            found.answer,
            found.verdict,
            expected_of(found.reference),
            same_class=self.reference.library_class.same_as(found.conversation.library_class),
        )
