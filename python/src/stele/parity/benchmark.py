"""What a call, a start and the memory of a binding cost, once its answer is right.

Each binding gets a fresh worker, one after the other, on the same case. Figures
of one run can be compared with each other; those of two machines cannot.
"""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stele.contract.bundle import RawTensor, read_raw_bundle
from stele.parity import judge
from stele.parity.binding import Binding
from stele.parity.case import Case, Target
from stele.parity.conversation import Answer, Conversation
from stele.parity.record import Benchmark, Outcome


@dataclass(frozen=True)
class Effort:
    """How a benchmark runs: untimed calls, timed calls, and the session config."""

    warmup: int = 50
    runs: int = 500
    config: str = "default"


@dataclass(frozen=True)
class Subject:
    """What is measured: a case with its right answer, and labelled held-out data."""

    target: Target
    case: Case
    due: dict[str, RawTensor]
    heldout: Case | None = None


def measure(binding: Binding, subject: Subject, folder: Path, effort: Effort) -> Benchmark | str:
    """Measure one binding in a fresh worker.

    Returns:
        The figures; or, for a wrong answer has no time, what was wrong.

    Raises:
        SetupError: The binding cannot run on this machine.
        LoadRefusedError: It does not load this model.
        WorkerError: It broke off.
    """
    shutil.rmtree(folder, ignore_errors=True)
    conversation = Conversation(binding, folder, effort.config)
    try:
        binding.require()
        info = conversation.open(subject.target)
        first = conversation.run(subject.case)
        cold = time.monotonic() - conversation.started
        peak = conversation.peak_memory()
        samples, out = folder / "samples", folder / "bench"
        reply = conversation.request(
            "bench", subject.case.signature, str(subject.case.inputs), str(out),
            str(effort.warmup), str(effort.runs), str(samples), timeout=600,
        )  # fmt: skip
        if reply.status != "ok":
            return reply.message
        answers = (first, Answer(outputs=read_raw_bundle(out)))
        verdicts = [judge.against_outputs(a, subject.due, same_class=False) for a in answers]
        for verdict in verdicts:
            if verdict.outcome is not Outcome.PASS:
                return verdict.detail
        nanoseconds = np.fromfile(samples, dtype="<u8")
        accuracy = None
        if subject.heldout is not None:
            accuracy = _accuracy(subject.heldout, conversation.run(subject.heldout))
        conversation.close()
    finally:
        conversation.stop()
    return Benchmark(
        model=subject.target.name,
        binding=binding.id,
        case=subject.case.name,
        library_class=info.library_class,
        identical=all(bool(verdict.identical) for verdict in verdicts),
        call_ns=float(np.median(nanoseconds)),
        cold_start_s=cold,
        peak_bytes=peak,
        accuracy=accuracy,
        samples=len(nanoseconds),
    )


def _accuracy(heldout: Case, answer: Answer) -> float | None:
    """Return the share of held-out rows that a binding's own outputs get right."""
    described = json.loads((heldout.inputs / "case.json").read_text())
    if answer.outputs is None or described.get("labels") is None:
        return None
    labels = np.asarray(described["labels"])
    predicted = answer.outputs[described["scores"]].decode().argmax(axis=-1)
    return float(np.mean(predicted == labels))
