"""What is measured: a model's case, with the answer that is right."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stele import savedmodel
from stele.contract.bundle import RawTensor, read_bundle, write_bundle
from stele.contract.codes import Code, SteleError
from stele.contract.dtypes import Array
from stele.contract.signature import Signature, find_signature
from stele.parity import plan
from stele.parity import run as parity_run
from stele.parity.binding import Binding
from stele.parity.case import Case, Target, collect
from stele.parity.conversation import Answer
from stele.zoo.model import HELDOUT


@dataclass(frozen=True)
class Subject:
    """A case with its right answer.

    Attributes:
        target: The model.
        case: What each call runs.
        expected: The reference's outputs.
        batch: The leading dimension that was asked for; None for the case's own.
    """

    target: Target
    case: Case
    expected: dict[str, RawTensor]
    batch: int | None = None


@dataclass(frozen=True)
class Labelled:
    """Held-out data with the class of each row, for an accuracy that a reader can check."""

    case: Case
    scores: str
    labels: Sequence[int]

    def accuracy(self, answer: Answer) -> float | None:
        """Return the share of rows that a binding's own outputs get right."""
        if answer.outputs is None:
            return None
        predicted = answer.outputs[self.scores].decode().argmax(axis=-1)
        return float(np.mean(predicted == np.asarray(self.labels)))


@dataclass(frozen=True)
class Prepared:
    """A model whose answers have been compared in every binding, and what to measure of it.

    Attributes:
        target: The model.
        subjects: What to measure: a case, or one for each size of a batch.
        labelled: Held-out data, if it has such.
        answered: The cases that the reference answered, those to measure among them.
    """

    target: Target
    subjects: list[Subject]
    labelled: Labelled | None = None
    answered: tuple[Subject, ...] = ()


def prepare(
    run: parity_run.Run,
    target: Target,
    bindings: Sequence[Binding],
    name: str | None,
    batches: Sequence[int],
) -> Prepared:
    """Compare a model's answers in every binding, then choose what to measure.

    Args:
        run: That compares, and keeps a journal.
        target: The model.
        bindings: Where it is run.
        name: The case to measure; None for the one with the smallest input.
        batches: Leading dimensions to measure it with; none for its own.

    Raises:
        SteleError: NOT_FOUND when no such case has an answer; INVALID_ARGUMENT when its
            signature has no open leading dimension for the batches.
    """
    folder = run.folder / "inputs" / target.name
    all_cases = collect(target, folder)
    answers = _compare(run, target, all_cases, bindings)
    case = _choose(all_cases, answers, name)
    chosen: dict[int | None, Case] = {None: case}
    if batches:
        chosen = {size: _batch(target, case, size, run.folder / "batches") for size in batches}
        answers = _compare(run, target, list(chosen.values()), bindings)
    subjects = [
        Subject(target, one, _outputs(answers[one.name], one), size) for size, one in chosen.items()
    ]
    answered = tuple(
        Subject(target, one, outputs)
        for one in all_cases
        if one.name in answers and (outputs := answers[one.name].outputs) is not None
    )
    return Prepared(target, subjects, _labelled(all_cases), answered)


def _compare(
    run: parity_run.Run, target: Target, cases: list[Case], bindings: Sequence[Binding]
) -> Mapping[str, Answer]:
    reference = run.check(plan.make(target, cases, run.folder, bad=False), bindings)
    return reference.answers if reference is not None else {}


def _outputs(answer: Answer, case: Case) -> dict[str, RawTensor]:
    if answer.outputs is None:
        raise SteleError(
            Code.FAILED_PRECONDITION,
            f'"{case.name}" is not answered: {answer.detail or answer.message}',
        )
    return answer.outputs


def _choose(cases: Sequence[Case], answers: Mapping[str, Answer], name: str | None) -> Case:
    """Return the case by this name, or the one with the smallest non-empty input."""
    answered = [
        case for case in cases if case.name in answers and answers[case.name].outputs is not None
    ]
    if name is not None:
        answered = [case for case in answered if case.name == name]
    if not answered:
        raise SteleError(Code.NOT_FOUND, f"no answered case {name or 'at all'} to measure")

    def size(case: Case) -> int:
        return sum(file.stat().st_size for file in case.inputs.glob("*.bin"))

    return min(answered, key=lambda case: (size(case) == 0, size(case)))


def _batch(target: Target, case: Case, size: int, folder: Path) -> Case:
    """Return the case with as many rows, which are its own over and over again."""
    signatures = savedmodel.load_signatures(target.folder, target.tags)
    signature = find_signature(signatures, case.signature)
    inputs = folder / target.name / str(size)
    write_bundle(inputs, _repeated(signature, read_bundle(case.inputs), size))
    return Case(f"{case.signature}/batch-{size}", case.signature, inputs)


def _repeated(signature: Signature, inputs: Mapping[str, Array], size: int) -> Mapping[str, Array]:
    """Give every input with an open leading dimension this many rows."""
    batched = {spec.name for spec in signature.inputs if spec.shape and spec.shape[0] is None}
    if not batched & inputs.keys():
        raise SteleError(
            Code.INVALID_ARGUMENT, f'signature "{signature.name}" has no open leading dimension'
        )
    return {
        name: np.resize(array, (size, *array.shape[1:])) if name in batched else array
        for name, array in inputs.items()
    }


def _labelled(cases: Sequence[Case]) -> Labelled | None:
    case = next((case for case in cases if case.name == HELDOUT), None)
    if case is None:
        return None
    described = json.loads((case.inputs / "case.json").read_text())
    labels = described.get("labels")
    return Labelled(case, described["scores"], labels) if labels is not None else None
