"""Every row of ``bindings/contract/refusals.toml``, and that the worker outlives it."""

from __future__ import annotations

import pytest

from stele.parity import judge, refusals
from stele.parity.conversation import Answer
from stele.parity.record import Outcome
from stele.parity.refusals import Refusal
from tests.conformance.player import Player

REQUESTS = [f"{kind}.{name}" for kind in ("bundle", "request") for name in refusals.rows(kind)]


def judged(answer: Answer, refusal: Refusal) -> None:
    if answer.outcome is Outcome.UNSUPPORTED:
        pytest.skip(answer.detail)
    verdict = judge.against_refusal(answer, refusal)
    assert verdict.outcome is Outcome.PASS, verdict.detail


@pytest.mark.parametrize("row", REQUESTS)
def test_bundles_and_requests(worker: Player, row: str) -> None:
    base = worker.digits()
    found = worker.request_rows[row]
    judged(worker.conversation.send(found.line), found.refusal)
    worker.run_bundle(base.signature, base.inputs)


@pytest.mark.parametrize("row", refusals.rows("load"))
def test_loads(worker: Player, row: str) -> None:
    base = worker.digits()
    found = worker.load_rows[row]
    answer = worker.conversation.try_load(found.folder, found.tags, found.config)
    judged(answer, found.refusal)
    worker.run_bundle(base.signature, base.inputs)


@pytest.mark.parametrize("row", refusals.rows("run"))
def test_runs(worker: Player, row: str) -> None:
    worker.load("dtypes")
    found = worker.run_rows[row]
    assert found.refusal is not None
    judged(worker.conversation.run(found), found.refusal)
    assert worker.run("none")["answer"].data == (42).to_bytes(4, "little") + (43).to_bytes(
        4, "little"
    )
