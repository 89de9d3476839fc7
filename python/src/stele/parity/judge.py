"""Passes judgement on an answer: the only place that says pass."""

from __future__ import annotations

from dataclasses import dataclass

from stele.contract.bundle import RawTensor
from stele.contract.codes import Code
from stele.contract.printable import one_line
from stele.parity.compare import Distance, compare
from stele.parity.conversation import Answer
from stele.parity.record import Outcome
from stele.parity.refusals import Refusal

# With these the reference says that it failed, and nothing of the input.
_NO_VERDICT = (Code.INTERNAL, Code.UNKNOWN)


@dataclass(frozen=True)
class Verdict:
    """An outcome, why, and the distances that were measured."""

    outcome: Outcome
    detail: str = ""
    distances: tuple[Distance, ...] = ()

    @property
    def red(self) -> bool:
        """Whether this is a failure."""
        return self.outcome is not Outcome.PASS and not self.outcome.grey

    def within(self, absolute: float | None) -> bool:
        """Whether this is a pass, or all that is wrong are floats no further apart than that.

        Args:
            absolute: In the output's own unit; None for passes alone.
        """
        if self.outcome is Outcome.PASS:
            return True
        if absolute is None or not self.distances:
            return False
        return all(
            not one.problem or (one.absolute is not None and one.absolute <= absolute)
            for one in self.distances
        )

    @property
    def identical(self) -> bool | None:
        """Whether all bits agree; None when no tensor was compared that has elements."""
        compared = [distance.identical for distance in self.distances if 0 not in distance.shape]
        return all(compared) if compared else None


def against_refusal(answer: Answer, refusal: Refusal) -> Verdict:
    """Judge an answer where an error is due: its code, and what its message says."""
    code = refusal.code
    if answer.outcome is not None:
        return Verdict(answer.outcome, answer.detail)
    if answer.code is None:
        return Verdict(Outcome.WRONG_ERROR, f"answered, expected {code.name}")
    if answer.code is not code:
        return Verdict(
            Outcome.WRONG_ERROR, f"{answer.code.name} ({answer.message}), expected {code.name}"
        )
    if refusal.message and answer.message != refusal.message:
        return Verdict(
            Outcome.WRONG_ERROR, f"the message is {answer.message}, expected {refusal.message}"
        )
    missing = [name for name in refusal.names if name not in answer.message]
    if missing:
        return Verdict(
            Outcome.WRONG_ERROR,
            f"the message does not name {' or '.join(missing)}: {answer.message}",
        )
    return Verdict(Outcome.PASS)


def against_outputs(answer: Answer, expected: dict[str, RawTensor], *, same_class: bool) -> Verdict:
    """Judge an answer where these tensors are due."""
    if answer.outcome is not None:
        return Verdict(answer.outcome, answer.detail)
    if answer.outputs is None:
        code = answer.code.name if answer.code is not None else "?"
        return Verdict(Outcome.ERROR, f"{code}: {one_line(answer.message)}")
    if answer.outputs.keys() != expected.keys():
        return Verdict(
            Outcome.MISMATCH,
            f"outputs {', '.join(sorted(answer.outputs)) or 'none'}; "
            f"expected {', '.join(sorted(expected)) or 'none'}",
        )
    try:
        distances = tuple(
            compare(name, expected[name], answer.outputs[name], same_class=same_class)
            for name in sorted(expected)
        )
    except ValueError as error:
        return Verdict(Outcome.PROTOCOL, f"output bundle: {error}")
    problems = [f"{found.name}: {found.problem}" for found in distances if found.problem]
    if problems:
        return Verdict(Outcome.MISMATCH, "; ".join(problems), distances)
    return Verdict(Outcome.PASS, distances=distances)


def against_reference(answer: Answer, reference: Answer, *, same_class: bool) -> Verdict:
    """Judge an answer by what the Python reference made of the same input.

    What TensorFlow itself refuses depends on the CPU (with oneDNN, a convolution of
    an empty batch): another library may well answer it.
    """
    if answer.outcome is not None:
        return Verdict(answer.outcome, answer.detail)
    if reference.outcome is not None:
        return Verdict(
            Outcome.NOT_RUN, f"the reference gave no answer: {reference.outcome} {reference.detail}"
        )
    if reference.outputs is None:
        assert reference.code is not None  # noqa: S101  (an answer has one or the other)
        refusal = f"{reference.code.name}: {one_line(reference.message)}"
        if reference.code in _NO_VERDICT:
            return Verdict(Outcome.NOT_RUN, f"the reference failed: {refusal}")
        if answer.outputs is not None and not same_class:
            return Verdict(Outcome.DIFFERS, f"answers what TensorFlow refuses here: {refusal}")
        return against_refusal(answer, Refusal(reference.code))
    return against_outputs(answer, reference.outputs, same_class=same_class)
