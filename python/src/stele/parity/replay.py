"""Runs a kept failure again."""

from __future__ import annotations

import shutil
from pathlib import Path

from stele import paths
from stele.contract.codes import Code, SteleError
from stele.parity import judge
from stele.parity.binding import SetupError, discover
from stele.parity.claim import claim_free
from stele.parity.conversation import Answer, Conversation, LoadRefusedError
from stele.parity.failure import Failure
from stele.parity.judge import Verdict
from stele.parity.process import WorkerError
from stele.parity.record import Outcome, Result


def replay(kept: Failure) -> tuple[Result, Path]:
    """Run the one case again, in the binding that failed.

    Returns:
        What it is now, and the worker's log.

    Raises:
        SteleError: NOT_FOUND when the binding is not there any more, FAILED_PRECONDITION
            when it cannot be run here.
    """
    binding = discover().get(kept.binding)
    if binding is None:
        raise SteleError(Code.NOT_FOUND, f'no binding "{kept.binding}" in this checkout')
    folder = claim_free(paths.build_dir() / "replay" / binding.id)
    shutil.rmtree(folder / "worker", ignore_errors=True)
    conversation = Conversation(binding, folder / "worker", kept.config)
    try:
        verdict = _verdict(kept, conversation)
    except SetupError as error:
        raise SteleError(Code.FAILED_PRECONDITION, f"{binding.id}: {error}") from error
    finally:
        conversation.stop()
    result = Result(
        kept.target.name, binding.id, kept.case.name, kept.case.signature,
        verdict.outcome, verdict.detail, conversation.library_class.label, verdict.identical,
        tuple(distance.record() for distance in verdict.distances),
    )  # fmt: skip
    return result, conversation.log


def _verdict(kept: Failure, conversation: Conversation) -> Verdict:
    try:
        conversation.open(kept.target)
    except LoadRefusedError as error:
        answer = error.answer
    except WorkerError as error:
        answer = Answer(Outcome(error.outcome), detail=str(error))
    else:
        answer = Answer(outputs={}) if kept.phase == "load" else conversation.run(kept.case)
    if kept.case.refusal is not None:
        return judge.against_refusal(answer, kept.case.refusal)
    if isinstance(kept.expected, Code):
        refusal = Answer(code=kept.expected)
        return judge.against_reference(answer, refusal, same_class=kept.same_class)
    return judge.against_outputs(answer, kept.expected, same_class=kept.same_class)
