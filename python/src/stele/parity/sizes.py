"""Finds sizes that a model takes, where its signature leaves them open.

A ladder of sizes is tried on the reference, rung by rung, until one is answered.
"""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from stele.contract.signature import Signature
from stele.parity import plan as plans
from stele.parity.case import Case, MadeUp
from stele.parity.conversation import Answer, Conversation, LoadRefusedError
from stele.parity.generate import Sizes
from stele.parity.plan import Plan
from stele.parity.process import WorkerError
from stele.parity.record import Outcome
from stele.parity.reference import Reference, consult, has_elements

# Steps, tokens, features, and the sides of images that models are trained on.
_SIZES = (
    1, 2, 3, 4, 8, 10, 16, 28, 32, 56, 64, 96, 100, 128, 160, 192, 224, 256, 299, 300, 331, 384,
    512, 768, 784, 1024,
)  # fmt: skip
# A first dimension that is no batch: rows that agree with something, or the samples of a sound.
_FIRST = (2, 4, 10, 16, 28, 64, 100, 128, 224, 256, 512, 784, 1024, 16_000)
_CHANNELS = (3, 1)
_RANKS = (2, 1, 0, 3, 4, 5)
# So many inputs of unknown rank have each its own; of more, all have the same.
_MOST_MIXED = 3
# How many times the limit of one made-up case a whole ladder has.
_PATIENCE = 3


def consult_fitting(
    conversation: Conversation, plan: Plan, skip: Mapping[str, Answer], folder: Path
) -> tuple[Plan, Reference]:
    """Get a reference's answers as `consult` does, and the plan with sizes that the model takes.

    Args:
        conversation: With the model loaded.
        plan: What to ask.
        skip: Cases that are not run, and the answer that stands for theirs.
        folder: For inputs of other sizes; its old content is replaced.
    """
    reference = consult(conversation, plan, skip)
    fitted = _fitted(plan, conversation, reference, folder)
    if fitted is plan:
        return plan, reference
    return fitted, consult(conversation, fitted, skip)


def _fitted(plan: Plan, conversation: Conversation, reference: Reference, folder: Path) -> Plan:
    """Return the plan with cases of other sizes for signatures of which nothing was answered.

    Args:
        plan: What was run.
        conversation: The reference's.
        reference: Its answers.
        folder: For inputs; its old content is replaced.

    Returns:
        The same plan where no rung is answered either, or the model does not load again.
    """
    shutil.rmtree(folder, ignore_errors=True)
    unanswered = [
        coverage.signature
        for coverage in reference.coverage(plan)
        if not coverage.answered
        and coverage.signature not in plan.withheld
        and _made_up(plan, coverage.signature)
    ]
    if not unanswered:
        return plan
    made = MadeUp(plan.target, folder)
    ladders = {name: list(rungs(made.signatures[name])) for name in unanswered}
    if not any(ladders.values()):
        return plan
    fitting = {}
    try:
        for name, ladder in ladders.items():
            conversation.open(plan.target)
            sizes = _first_answered(conversation, made, name, ladder)
            if sizes is not None:
                fitting[name] = sizes
        conversation.open(plan.target)
    except (LoadRefusedError, WorkerError):
        return plan
    if not fitting:
        return plan
    return plans.with_cases(plan, _replaced(plan.cases, made, fitting))


def _made_up(plan: Plan, signature: str) -> bool:
    return any(case.generated for case in plan.cases if case.signature == signature)


def _first_answered(
    conversation: Conversation, made: MadeUp, signature: str, ladder: Iterable[Sizes]
) -> Sizes | None:
    """Return the first sizes with an answer that has elements, if there is one in time."""
    end = time.monotonic() + _PATIENCE * conversation.timeouts.generated
    for sizes in ladder:
        case = next(made.cases(signature, sizes))
        if case.withheld:  # too large
            continue
        answer = conversation.run(case, retry=False)
        if has_elements(answer):
            return sizes
        # A wrong rank can end the worker; what takes too long only grows from here.
        if answer.outcome not in (None, Outcome.CRASH) or time.monotonic() > end:
            break
    return None


def _replaced(old: list[Case], made: MadeUp, fitting: Mapping[str, Sizes]) -> list[Case]:
    """Put made-up cases of fitting sizes in place of the others; what was left out stays out."""
    kept = [case for case in old if not case.generated or case.signature not in fitting]
    wanted = {case.name for case in old}
    new = [case for name, sizes in fitting.items() for case in made.cases(name, sizes)]
    return kept + [case for case in new if case.name in wanted or case.name.endswith("/fixed")]


def rungs(signature: Signature) -> Iterator[Sizes]:
    """Yield sizes to try, other than the usual; none where the signature leaves none open."""
    unranked = [spec.name for spec in signature.inputs if spec.shape is None]
    shapes = [spec.shape for spec in signature.inputs if spec.shape is not None]
    behind = bool(unranked) or any(None in shape[1:] for shape in shapes)
    image = bool(unranked) or any(len(shape) == 4 and shape[3] is None for shape in shapes)
    first = bool(unranked) or any(None in shape[:1] for shape in shapes)
    for ranks in itertools.islice(_ranks(unranked), 1, None):
        yield Sizes(ranks=ranks)
    for ranks in _same_ranks(unranked) if behind else ():
        for size, channels in itertools.product(_SIZES, _CHANNELS if image else _CHANNELS[:1]):
            yield Sizes(others=size, channels=channels, ranks=ranks)
    for size in _FIRST if first else ():
        yield Sizes(first=size)
        if behind:
            yield Sizes(first=size, others=size)


def _ranks(names: Sequence[str]) -> Iterator[dict[str, int]]:
    """Yield a rank for each of these inputs: the same for all, then mixed; the usual first."""
    same = list(_same_ranks(names))
    yield from same
    if len(names) <= _MOST_MIXED:
        mixed = itertools.product(_RANKS, repeat=len(names))
        yield from (dict(zip(names, ranks, strict=True)) for ranks in mixed if len(set(ranks)) > 1)


def _same_ranks(names: Sequence[str]) -> Iterator[dict[str, int]]:
    yield from (dict.fromkeys(names, rank) for rank in (_RANKS if names else _RANKS[:1]))
