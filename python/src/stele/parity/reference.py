"""The answers that bindings are held against: TensorFlow in Python, asked twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from stele.contract.bundle import RawTensor
from stele.contract.codes import Code
from stele.parity import explain, judge
from stele.parity.case import Case
from stele.parity.conversation import Answer, Conversation
from stele.parity.judge import Verdict
from stele.parity.library import LibraryClass
from stele.parity.plan import Plan
from stele.parity.record import Coverage, Outcome

# The chain of custody, before the bindings: each is held against the one before.
KERAS = "python-keras"
FUNCTION = "python-tf"
SESSION = "python-session"
REFERENCES = (FUNCTION, SESSION)


@dataclass(frozen=True)
class Reference:
    """What one reference made of a model.

    Attributes:
        binding: Who it is.
        library_class: With which library, on which execution path.
        answers: By case name.
        repeats: The second answer to each case, judged by the first.
        refused: Why it does not load the model; None when it does.
    """

    binding: str
    library_class: LibraryClass = field(default_factory=LibraryClass)
    answers: Mapping[str, Answer] = field(default_factory=dict)
    repeats: Mapping[str, Verdict] = field(default_factory=dict)
    refused: Answer | None = None

    @property
    def loads(self) -> bool:
        """Whether it runs the model at all."""
        return self.refused is None

    @property
    def refuses(self) -> bool:
        """Whether it refuses the model with a code, being well itself."""
        return self.refused is not None and self.refused.code is not None

    def unsteady(self, case: str) -> bool:
        """Tell whether it answered this case differently the second time."""
        return self.answers[case].outcome is Outcome.MISMATCH

    def coverage(self, plan: Plan) -> list[Coverage]:
        """Say of each signature how many cases have an answer with elements.

        A signature without outputs has nothing to answer, and is left out.
        """
        coverage = []
        for name in dict.fromkeys(case.signature for case in plan.cases):
            cases = [case for case in plan.cases if case.signature == name]
            answers = [self.answers[case.name] for case in cases]
            if any(answer.outputs == {} for answer in answers):
                continue
            count = sum(has_elements(answer) for answer in answers)
            why, remedy = ("", "") if count else _without_answer(answers, name in plan.withheld)
            coverage.append(Coverage(plan.target.name, name, count, len(cases), why, remedy))
        return coverage


def _without_answer(answers: Sequence[Answer], withheld: bool) -> tuple[str, str]:
    """Say why there is no answer, and what to do where other inputs would help."""
    remedy = "give inputs that it takes with --inputs FILE.npz"
    refusal = next((answer for answer in answers if answer.outputs is None), None)
    if refusal is None:
        return "", remedy
    known = explain.refusal(refusal)
    helpless = known or withheld or refusal.code is Code.UNIMPLEMENTED
    return known or refusal.detail or refusal.message, "" if helpless else remedy


def has_elements(answer: Answer) -> bool:
    """Tell whether there is anything in an answer that could be wrong."""
    return answer.outputs is not None and any(
        0 not in tensor.shape for tensor in answer.outputs.values()
    )


def expected_of(answer: Answer) -> dict[str, RawTensor] | Code:
    """Return what a binding should have answered; nothing where the reference failed."""
    if answer.outputs is not None:
        return answer.outputs
    return answer.code or {}


def in_sequence(
    conversation: Conversation, plan: Plan, skip: Mapping[str, Answer], *, patience: float
) -> Iterator[tuple[Case, Answer]]:
    """Run a plan's cases as `Plan.sequences` has them.

    Args:
        conversation: With the model loaded.
        plan: What to run.
        skip: Cases that are not run, and the answer that stands for theirs.
        patience: How many times the limit of a generated case it has.
    """
    for sequence in plan.sequences():
        broken = conversation.reload() if plan.stateful else None
        for case in sequence:
            answer = skip.get(case.name) or broken
            yield case, answer or conversation.run(case, patience, retry=not plan.stateful)


def withheld(plan: Plan) -> dict[str, Answer]:
    """Return the answers that stand for those of cases that are not run."""
    return {
        case.name: Answer(Outcome.NOT_RUN, detail=plan.withheld[case.signature])
        for case in plan.cases
        if case.signature in plan.withheld
    }


def consult(conversation: Conversation, plan: Plan, skip: Mapping[str, Answer]) -> Reference:
    """Get a reference's answers, and see that it gives them again.

    Args:
        conversation: With the model loaded.
        plan: What to ask.
        skip: Cases that are not run, and the answer that stands for theirs.
    """
    name = conversation.binding.id
    answers = {
        case.name: _dropped(name, case, answer)
        for case, answer in in_sequence(conversation, plan, skip, patience=1)
    }
    settled = {case: answer for case, answer in answers.items() if answer.outcome is not None}
    repeats = {
        case.name: judge.against_reference(answer, answers[case.name], same_class=True)
        for case, answer in _again(conversation, plan, settled)
    }
    for case in plan.cases:
        if repeats[case.name].outcome is Outcome.MISMATCH:
            drawn = plan.random(case.signature)
            why = f"draws random numbers ({drawn}): " if drawn else ""
            answers[case.name] = Answer(
                Outcome.MISMATCH,
                detail=f"not deterministic: {why}two runs of the same input differ",
            )
    return Reference(name, conversation.library_class, answers, repeats)


def _again(
    conversation: Conversation, plan: Plan, settled: Mapping[str, Answer]
) -> Iterator[tuple[Case, Answer]]:
    """Run all once more; what is random in the same load, lest its seed be the same."""
    for sequence in plan.sequences():
        if plan.stateful and not plan.random(sequence[0].signature):
            conversation.reload()
        for case in sequence:
            answer = settled.get(case.name)
            yield case, answer or conversation.run(case, retry=not plan.stateful)


def _dropped(binding: str, case: Case, answer: Answer) -> Answer:
    """Let a generated case on which the reference runs out of time or memory be no case."""
    if not case.generated or answer.outcome not in (Outcome.TIMEOUT, Outcome.LIMIT):
        return answer
    return replace(
        answer,
        outcome=Outcome.NOT_RUN,
        detail=f"dropped: {binding} did not answer made-up inputs ({answer.detail})",
    )
