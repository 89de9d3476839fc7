"""Does another TensorFlow change what a model answers? One binding, asked with each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stele.contract.codes import Code, SteleError
from stele.libtensorflow.versions import Libraries
from stele.parity import explain, judge, sizes
from stele.parity.binding import Binding
from stele.parity.conversation import Answer, Conversation
from stele.parity.judge import Verdict
from stele.parity.plan import LOAD_CASE, Plan
from stele.parity.record import Journal, Outcome, Upgrade
from stele.parity.reference import Reference, consult, withheld


@dataclass(frozen=True)
class Upgrades:
    """Asks one binding with one TensorFlow after the other, and compares.

    Attributes:
        binding: One that finds its library when it runs, by STELE_LIBTENSORFLOW.
        folder: For the workers' logs and outputs.
        journal: Gets a record for each case and TensorFlow as soon as it is known.
        config: What the model is loaded with.
    """

    binding: Binding
    folder: Path
    journal: Journal
    config: str = "default"

    def check(self, plan: Plan, base: Libraries, others: Sequence[Libraries]) -> None:
        """Run the cases of a plan with all of them, and hold each against the base.

        Raises:
            SteleError: FAILED_PRECONDITION when the binding cannot run, when it has run
                another TensorFlow than it was told to, or does not load the model with the
                base.
        """
        plan, right = self._ask(plan, base, fit=True)
        if right.refused is not None:
            why = explain.own_words(right.refused)
            text = f"TensorFlow {base.version} does not load the model: {why}"
            raise SteleError(Code.FAILED_PRECONDITION, text)
        for other in others:
            _, answers = self._ask(plan, other, fit=False)
            for case, verdict in _verdicts(plan, right, answers).items():
                self.journal.add(
                    Upgrade(
                        model=plan.target.name,
                        binding=self.binding.id,
                        base=base.version,
                        tensorflow=other.version,
                        case=case,
                        outcome=verdict.outcome,
                        detail=verdict.detail,
                        identical=verdict.identical,
                        tensors=tuple(distance.record() for distance in verdict.distances),
                    )
                )

    def _ask(self, plan: Plan, library: Libraries, *, fit: bool) -> tuple[Plan, Reference]:
        """Return the answers with one TensorFlow, and the plan with sizes that the model takes.

        Args:
            plan: What to run.
            library: With which TensorFlow.
            fit: Whether to look for such sizes.
        """
        conversation = Conversation(
            self.binding, self.folder / f"{self.binding.id}-{library.version}", self.config,
            environment={"STELE_LIBTENSORFLOW": str(library.folder)},
        )  # fmt: skip
        try:
            loaded = conversation.try_open(plan.target)
            if isinstance(loaded, Answer):
                if loaded.outcome is Outcome.SETUP:
                    text = f"{self.binding.id}: {loaded.detail}"
                    raise SteleError(Code.FAILED_PRECONDITION, text)
                return plan, Reference(self.binding.id, refused=loaded)
            if loaded.tensorflow != library.version:
                text = (
                    f"{self.binding.id} has run TensorFlow "
                    f"{loaded.tensorflow or 'of an unknown version'} where {library.version} was "
                    "asked for: name a binding that finds its library when it runs, such as c"
                )
                raise SteleError(Code.FAILED_PRECONDITION, text)
            if fit:
                return sizes.consult_fitting(
                    conversation, plan, withheld(plan), self.folder / "sizes"
                )
            return plan, consult(conversation, plan, withheld(plan))
        finally:
            conversation.stop()


def _verdicts(plan: Plan, right: Reference, answers: Reference) -> dict[str, Verdict]:
    """Judge each case by the base's answers, or the load where the model is not loaded."""
    if answers.refused is not None:
        outcome = answers.refused.outcome or Outcome.ERROR
        text = f"does not load the model: {explain.own_words(answers.refused)}"
        return {LOAD_CASE: Verdict(outcome, text)}
    return {
        case.name: judge.against_reference(
            answers.answers[case.name], right.answers[case.name], same_class=False
        )
        for case in plan.cases
    }
