"""Judges answers, and writes down what was decided about each cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from stele.contract.bundle import RawTensor
from stele.contract.codes import Code
from stele.parity import explain, failure, judge, known
from stele.parity.binding import Binding
from stele.parity.case import Case, Target
from stele.parity.conversation import Answer, Conversation
from stele.parity.judge import Verdict
from stele.parity.plan import LOAD_CASE
from stele.parity.record import Journal, Outcome, Result
from stele.parity.reference import Reference, expected_of

Progress = Callable[[str, str, int], None]
"""Called with model, binding, and how many cells have just been decided."""


@dataclass(frozen=True)
class Cells:
    """Where decisions go.

    Attributes:
        folder: For the failures that are kept.
        journal: Gets every record as soon as it is known.
        deviations: Known ones.
        progress: Told of every cell.
    """

    folder: Path
    journal: Journal
    deviations: Sequence[known.Deviation] = ()
    progress: Progress = lambda _model, _binding, _cells: None

    def judge(
        self, asked: Asked, case: Case, answer: Answer, reference: Reference, expected: str = ""
    ) -> None:
        """Judge one answer by the reference, or by the code that is due.

        Args:
            asked: Whose answer to which model.
            case: What was run.
            answer: What came of it.
            reference: Who knows the right answer.
            expected: The reference's case, if it has another name.
        """
        same_class = reference.library_class.same_as(asked.conversation.library_class)
        if case.refusal is not None:
            verdict = judge.against_refusal(answer, case.refusal)
            self.decide(asked, case, answer, verdict, case.refusal.code, same_class=same_class)
            return
        right = reference.answers[expected or case.name]
        verdict = judge.against_reference(answer, right, same_class=same_class)
        self.decide(asked, case, answer, verdict, expected_of(right), same_class=same_class)

    def decide(
        self,
        asked: Asked,
        case: Case,
        answer: Answer,
        verdict: Verdict,
        expected: dict[str, RawTensor] | Code,
        *,
        same_class: bool = True,
    ) -> None:
        """Write down a verdict, and keep what is needed to see a failure again."""
        conversation = asked.conversation
        verdict = _weighed(case, verdict, asked.unanswered)
        result = Result(
            model=asked.target.name,
            binding=conversation.binding.id,
            case=case.name,
            signature=case.signature,
            outcome=verdict.outcome,
            detail=verdict.detail,
            library_class=conversation.library_class.label,
            identical=verdict.identical,
            tensors=tuple(distance.record() for distance in verdict.distances),
            seconds=answer.seconds,
            retried=answer.retried,
        )
        if asked.target.zoo and not same_class:
            result = known.weigh(result, self.deviations)
        result = known.apply(result, self.deviations)
        if result.red:
            about = failure.Failure(
                conversation.binding.id,
                asked.target,
                asked.loaded_with or conversation.config,
                case,
                expected,
                same_class,
                "load" if asked.loaded_with else "run",
            )
            kept = failure.keep(
                self.folder / "failures", about, answer.outputs, result.detail, conversation.log
            )
            result = result.kept_in(str(kept))
        self.add(result)

    def unopened(self, model: str, binding: Binding, verdict: Verdict) -> None:
        """Write down a binding that did not load the model: one cell stands for all."""
        self.add(Result(model, binding.id, LOAD_CASE, "", verdict.outcome, verdict.detail))

    def add(self, result: Result) -> None:
        """Write a result down."""
        self.journal.add(known.apply(result, self.deviations))
        self.progress(result.model, result.binding, 1)


@dataclass(frozen=True)
class Asked:
    """Whose answers are judged.

    Attributes:
        target: The model; where loading is what ought to be refused, that.
        conversation: The binding's.
        unanswered: Signatures that the reference answers nothing of, and why.
        loaded_with: The config, where loading is what ought to be refused.
    """

    target: Target
    conversation: Conversation
    unanswered: Mapping[str, str] = field(default_factory=dict)
    loaded_with: str = ""


def refused(answer: Answer, *, outcome: Outcome = Outcome.UNSUPPORTED) -> Verdict:
    """Return the verdict on a reference that does not load a model.

    A clean refusal says something of the model, and nothing against anybody.
    """
    if answer.outcome is not None:
        return Verdict(answer.outcome, answer.detail)
    return Verdict(outcome, explain.reason(answer))


def _weighed(case: Case, verdict: Verdict, unanswered: Mapping[str, str]) -> Verdict:
    """Take the pass from a cell in which nothing was answered."""
    if verdict.outcome is not Outcome.PASS:
        return verdict
    if case.signature in unanswered and not case.name.startswith("bad/"):
        detail = f"refused, as the reference does: {unanswered[case.signature]}"
        return replace(verdict, outcome=Outcome.NOT_ANSWERED, detail=detail)
    return verdict
