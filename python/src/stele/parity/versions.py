"""Does another TensorFlow change what a model answers? One binding, asked with each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stele.contract.codes import Code, SteleError
from stele.libtensorflow.versions import Libraries
from stele.parity import judge, sizes
from stele.parity.binding import Binding, SetupError
from stele.parity.conversation import Answer, Conversation, LoadRefusedError
from stele.parity.plan import LOAD_CASE, Plan
from stele.parity.process import WorkerError
from stele.parity.record import Journal, Outcome, Upgrade
from stele.parity.reference import Reference, consult


@dataclass
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
    _base: Reference = field(init=False)

    def check(self, plan: Plan, base: Libraries, others: Sequence[Libraries]) -> None:
        """Run the cases of a plan with all of them, and hold each against the base.

        Raises:
            SteleError: FAILED_PRECONDITION when the binding cannot run, when it has run
                another TensorFlow than it was told to, or does not load the model with the
                base.
        """
        plan, self._base = self._ask(plan, base, fit=True)
        if self._base.refused is not None:
            why = _words(self._base.refused)
            text = f"TensorFlow {base.version} does not load the model: {why}"
            raise SteleError(Code.FAILED_PRECONDITION, text)
        for other in others:
            self._judge(plan, base, other, self._ask(plan, other, fit=False)[1])

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
        skip = {
            case.name: Answer(Outcome.NOT_RUN, detail=plan.withheld[case.signature])
            for case in plan.cases
            if case.signature in plan.withheld
        }
        try:
            ran = conversation.open(plan.target).tensorflow
            if ran != library.version:
                text = (
                    f"{self.binding.id} has run TensorFlow {ran or 'of an unknown version'} where "
                    f"{library.version} was asked for: name a binding that finds its library "
                    "when it runs, such as c"
                )
                raise SteleError(Code.FAILED_PRECONDITION, text)
            reference = consult(conversation, plan, skip)
            fitted = sizes.fitted(plan, conversation, reference, self.folder / "sizes")
            if fit and fitted is not plan:
                plan, reference = fitted, consult(conversation, fitted, skip)
        except LoadRefusedError as error:
            return plan, Reference(self.binding.id, refused=error.answer)
        except WorkerError as error:
            broke_off = Answer(Outcome(error.outcome), detail=str(error))
            return plan, Reference(self.binding.id, refused=broke_off)
        except SetupError as error:
            raise SteleError(Code.FAILED_PRECONDITION, f"{self.binding.id}: {error}") from error
        finally:
            conversation.stop()
        return plan, reference

    def _judge(self, plan: Plan, base: Libraries, other: Libraries, answers: Reference) -> None:
        if answers.refused is not None:
            text = f"does not load the model: {_words(answers.refused)}"
            outcome = answers.refused.outcome or Outcome.ERROR
            self._add(plan, base, other, LOAD_CASE, judge.Verdict(outcome, text))
            return
        for case in plan.cases:
            answer, right = answers.answers[case.name], self._base.answers[case.name]
            verdict = judge.against_reference(answer, right, same_class=False)
            self._add(plan, base, other, case.name, verdict)

    def _add(
        self, plan: Plan, base: Libraries, other: Libraries, case: str, verdict: judge.Verdict
    ) -> None:
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


def _words(refused: Answer) -> str:
    return refused.detail or f"{refused.code.name if refused.code else '?'}: {refused.message}"
