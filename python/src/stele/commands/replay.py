"""``stele replay``: run a kept failure again."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from dataclasses import asdict
from pathlib import Path

from stele import paths
from stele.contract.codes import Code, SteleError
from stele.parity import failure, judge
from stele.parity.binding import SetupError, discover
from stele.parity.claim import claim_free
from stele.parity.conversation import Answer, Conversation, LoadRefusedError
from stele.parity.judge import Verdict
from stele.parity.process import WorkerError
from stele.parity.record import Outcome, Result


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's options."""
    parser = subparsers.add_parser(
        "replay",
        help="run a kept failure again",
        description="Runs the one case of a failure folder again, in the binding that failed, "
        "and says what it answers now.",
        epilog="exit status: 0 it passes now, 1 it still fails, 3 could not run",
    )
    parser.add_argument("folder", type=Path, help="as printed by stele check")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Carry the command out and return its exit status."""
    kept = failure.read(args.folder)
    binding = discover().get(kept.binding)
    if binding is None:
        raise SteleError(Code.NOT_FOUND, f'no binding "{kept.binding}" in this checkout')
    folder = claim_free(paths.build_dir() / "replay" / binding.id)
    shutil.rmtree(folder / "worker", ignore_errors=True)
    conversation = Conversation(binding, folder / "worker", kept.config)
    try:
        verdict = _replay(kept, conversation)
    except SetupError as error:
        raise SteleError(Code.FAILED_PRECONDITION, f"{binding.id}: {error}") from error
    finally:
        conversation.stop()
    result = Result(
        kept.target.name, binding.id, kept.case.name, kept.case.signature,
        verdict.outcome, verdict.detail, conversation.library_class.label, verdict.identical,
        tuple(distance.record() for distance in verdict.distances),
    )  # fmt: skip
    if args.json:
        print(json.dumps(asdict(result), ensure_ascii=False))
    else:
        print(f"{result.outcome}: {result.detail or 'passes now'}")
        print(f"worker's log: {conversation.log}", file=sys.stderr)
    return 0 if verdict.outcome is Outcome.PASS else 1


def _replay(kept: failure.Failure, conversation: Conversation) -> Verdict:
    try:
        conversation.open(kept.target)
    except LoadRefusedError as error:
        answer = error.answer
    except WorkerError as error:
        answer = Answer(Outcome(error.outcome), detail=str(error))
    else:
        answer = Answer(outputs={}) if kept.phase == "load" else conversation.run(kept.case)
    if kept.case.code is not None:
        return judge.against_code(answer, kept.case.code, kept.case.culprits)
    if isinstance(kept.expected, Code):
        refusal = Answer(code=kept.expected)
        return judge.against_reference(answer, refusal, same_class=kept.same_class)
    return judge.against_outputs(answer, kept.expected, same_class=kept.same_class)
