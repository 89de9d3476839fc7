"""Asks a worker the cases of a model, and holds its answers against stele_native's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import stele_native

from stele import paths
from stele.contract.bundle import RawTensor, read_bundle
from stele.contract.codes import Code
from stele.contract.signature import DEFAULT_SIGNATURE
from stele.parity import case as cases
from stele.parity import judge
from stele.parity.binding import Binding
from stele.parity.case import Case, Target
from stele.parity.conversation import Answer, Conversation, Timeouts
from stele.parity.record import Outcome
from stele.remote import launch

OUT = paths.build_dir() / "interop"
_TIMEOUTS = Timeouts(hello=120, load=120, run=60)


@dataclass
class Score:
    """What became of one worker's cases.

    Attributes:
        server: Who answered.
        client: Who asked.
        model: What was asked.
        cases: How many cases.
        identical: How many answers had the reference's bits, or the refusal that is due.
        refused: Cases that TensorFlow itself refuses on this CPU: servers need not.
        unsupported: Case by case, what the client or the server has no form for.
        wrong: Case by case, what else happened.
        known: Of those, why it is so.
    """

    server: str
    client: str
    model: str
    cases: int = 0
    identical: int = 0
    refused: list[str] = field(default_factory=list)
    unsupported: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)

    def add(self, case: str, verdict: judge.Verdict) -> None:
        """Count one case."""
        self.cases += 1
        if verdict.outcome is Outcome.PASS:
            self.identical += 1
        elif verdict.outcome is Outcome.DIFFERS:
            self.refused.append(case)
        elif verdict.outcome is Outcome.UNSUPPORTED:
            self.unsupported[case] = verdict.detail
        else:
            self.wrong[case] = verdict.detail

    def judge(self, known: Mapping[str, str]) -> None:
        """Fail unless all is well but for what is known, which must still be so.

        Args:
            known: Patterns of cases, and why they deviate.
        """
        assert self.cases
        for case, detail in self.wrong.items():
            reasons = [why for pattern, why in known.items() if fnmatchcase(case, pattern)]
            assert reasons, f"{case}: {detail}"
            self.known[case] = reasons[0]
        for pattern in known:
            assert any(fnmatchcase(case, pattern) for case in (*self.wrong, *self.refused)), (
                f"{pattern} has started to pass: take it out of the list"
            )

    def record(self) -> dict[str, object]:
        """Return it as JSON values."""
        return asdict(self)


def zoo(name: str) -> Target:
    """Return a model of the zoo."""
    return cases.find(name)


@cache
def zoo_cases(name: str) -> list[Case]:
    """Return all cases of a model of the zoo."""
    return cases.collect(zoo(name), OUT / "inputs" / name)


@cache
def _reference(folder: Path) -> stele_native.Model:
    return stele_native.Model(folder)


def expected(target: Target, case: Case) -> Answer:
    """Return what stele_native makes of a case in this process."""
    try:
        outputs = _reference(target.folder).run(read_bundle(case.inputs), case.signature)
    except stele_native.SteleError as error:
        return Answer(code=Code(int(error.code)), message=error.message)
    return Answer(outputs={name: RawTensor.of(array) for name, array in outputs.items()})


def served_by(binding: Binding, address: str, model: str) -> Binding:
    """Return a binding whose worker uses a model that a server serves already."""
    variables = [f"{launch.ADDRESS}={address}", f"{launch.MODEL}={model}"]
    return replace(binding, run=("env", *variables, *binding.run))


def program(name: str, python: Path, file: Path) -> Binding:
    """Return a worker that runs in another environment, as a binding."""
    source = f"PYTHONPATH={paths.repo_root() / 'python' / 'src'}"
    return Binding(
        id=name,
        folder=file.parent,
        language="Python",
        summary="",
        level=4,
        run=("env", source, str(python), str(file)),
    )


def ask(
    score: Score, binding: Binding, target: Target, asked: Sequence[Case], *, served: str = ""
) -> None:
    """Run cases in a worker and add to its score.

    Args:
        score: To add to.
        binding: The worker.
        target: The model.
        asked: Its cases; those with a code are bad input, which must be refused.
        served: The name of the model that is this one signature, on a server that
            knows no signatures; empty if it does.
    """
    worker = Conversation(
        binding, OUT / "workers" / score.server / score.client, timeouts=_TIMEOUTS
    )
    try:
        worker.open(target)
        for case in asked:
            sent = replace(case, signature=DEFAULT_SIGNATURE) if served else case
            name = f"{served}: {case.name}" if served else case.name
            score.add(name, _verdict(target, case, worker.run(sent)))
        worker.close()
    finally:
        worker.stop()


def _verdict(target: Target, case: Case, answer: Answer) -> judge.Verdict:
    if case.refusal is not None:
        # Clients of others put words of their own around a server's.
        return judge.against_refusal(answer, replace(case.refusal, message=""))
    reference = expected(target, case)
    if reference.outputs is None and answer.outcome is None:
        # Which code a server gives to what TensorFlow refuses is its own affair.
        return judge.Verdict(Outcome.DIFFERS, f"TensorFlow refuses it here: {reference.message}")
    return judge.against_reference(answer, reference, same_class=True)
