"""What to run on one model: its cases by signature, and the rows that must be refused."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from stele import savedmodel
from stele.contract.codes import Code, SteleError
from stele.parity import bad_input
from stele.parity.bad_input import LoadRow
from stele.parity.case import Case, Target
from stele.savedmodel.effects import Effects

# A binding's cells carry these names where no case was run.
PLAN_CASE = "plan"
LOAD_CASE = "load"
END_CASE = "bye"
STILL_SERVING = "bad/still-serving"


@dataclass(frozen=True)
class Plan:
    """What to run on one model.

    Attributes:
        target: The model.
        cases: Inputs that the reference judges.
        base: The valid case that the bad-input rows are made from, if they are run.
        load_rows: Loads to refuse.
        run_rows: Runs to refuse.
        effects: By signature: what a run does beside answering.
        withheld: By signature: why its cases are not run.
    """

    target: Target
    cases: list[Case]
    base: Case | None = None
    load_rows: list[LoadRow] = field(default_factory=list)
    run_rows: list[Case] = field(default_factory=list)
    effects: Mapping[str, Effects] = field(default_factory=dict)
    withheld: Mapping[str, str] = field(default_factory=dict)

    def names(self) -> list[str]:
        """Return the names of all cells that a binding gets."""
        still = [STILL_SERVING] if self.base is not None else []
        loads = [f"bad/{row.name}" for row in self.load_rows]
        runs = [case.name for case in self.run_rows]
        return [case.name for case in self.cases] + loads + runs + still

    @property
    def stateful(self) -> bool:
        """Whether what a signature answers can depend on what ran before it."""
        return any(done.writes_variables for done in self.effects.values())

    def random(self, signature: str) -> str:
        """Return which random numbers a signature draws; empty when it draws none."""
        return ", ".join(self.effects.get(signature, Effects()).random)

    def sequences(self) -> Iterator[list[Case]]:
        """Yield the cases that one loaded model answers, in their order.

        All of them; or, where variables are written, those of one signature at a
        time, each from a fresh load.
        """
        if not self.stateful:
            yield self.cases
            return
        by_signature: dict[str, list[Case]] = {}
        for case in self.cases:
            by_signature.setdefault(case.signature, []).append(case)
        yield from by_signature.values()


def make(
    target: Target, cases: list[Case], folder: Path, *, bad: bool, allow_writes: bool = False
) -> Plan:
    """Make a plan; with ``bad``, the bad-input table belongs to it.

    Args:
        target: The model.
        cases: To run.
        folder: Where the spoiled models and inputs go.
        bad: Whether to refuse belongs to it.
        allow_writes: Whether signatures that write files are run.

    Raises:
        SteleError: NOT_FOUND when no case is left.
    """
    if not cases:
        raise SteleError(Code.NOT_FOUND, f'no case of "{target.name}" fits --cases and --signature')
    done = savedmodel.effects_of(savedmodel.load(target.folder, target.tags))
    withheld = {
        name: f"writes files ({', '.join(effect.writes_files)}): it runs with --allow-writes"
        for name, effect in done.items()
        if effect.writes_files and not allow_writes
    }
    withheld |= {case.signature: case.withheld for case in cases if case.withheld}
    plan = Plan(target, cases, effects=done, withheld=withheld)
    base = _base(plan)
    if not bad or base is None:
        return plan
    damaged = _emptied(folder / "damaged" / target.name)
    return Plan(
        target,
        cases,
        base,
        # How a load is refused, the other models of the zoo show.
        [] if target.heavy else bad_input.load_rows(target, damaged),
        bad_input.run_rows(target, base, folder / "bad" / target.name),
        done,
        withheld,
    )


def with_cases(plan: Plan, cases: list[Case]) -> Plan:
    """Return the plan with other cases of the same signatures; the bad-input rows stay."""
    new = replace(plan, cases=cases)
    return replace(new, base=_base(new)) if plan.base is not None else new


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def _base(plan: Plan) -> Case | None:
    """Choose the case that bad rows are made from: with most inputs, and not empty.

    The first of those: real data comes before what is generated. None when there is
    no signature that can be run. From a fresh load it is the first case of its
    sequence, so that its answer is known.
    """

    def rank(case: Case) -> tuple[bool, bool, int]:
        files = list(case.inputs.glob("*.bin"))
        writes = plan.effects.get(case.signature, Effects()).writes_variables
        return not writes, all(file.stat().st_size for file in files), len(files)

    usable = [
        case
        for sequence in plan.sequences()
        for case in (sequence[:1] if plan.stateful else sequence)
        if case.refusal is None and case.signature not in plan.withheld
    ]
    return max(usable, key=rank, default=None)
