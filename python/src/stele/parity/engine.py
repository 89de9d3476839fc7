"""The parity run: models × bindings × cases, judged against the Python reference."""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from stele.contract.bundle import RawTensor
from stele.contract.codes import Code, SteleError
from stele.parity import bad_input, failure, judge, known
from stele.parity.bad_input import LoadRow
from stele.parity.binding import Binding, SetupError, discover
from stele.parity.case import Case, Target
from stele.parity.conversation import Answer, Conversation, LoadRefusedError, Timeouts
from stele.parity.judge import Verdict
from stele.parity.library import LibraryClass
from stele.parity.process import WorkerError
from stele.parity.record import Journal, Link, Outcome, Result

# The reference, and what takes its place for models that TensorFlow 2 refuses.
REFERENCES = ("python-tf", "python-session")
KERAS = "python-keras"

# A binding's cells for one target carry these names where no case was run.
LOAD_CASE = "load"
STILL_SERVING = "bad/still-serving"

Progress = Callable[[str, str, int], None]
"""Called with model, binding, and how many cells have just been decided."""


@dataclass(frozen=True)
class Plan:
    """What to run on one model.

    Attributes:
        target: The model.
        cases: Inputs that the reference judges.
        base: The valid case that the bad-input rows are made from, if they are run.
        load_rows: Loads to refuse.
        run_rows: Runs to refuse.
    """

    target: Target
    cases: list[Case]
    base: Case | None = None
    load_rows: list[LoadRow] = field(default_factory=list)
    run_rows: list[Case] = field(default_factory=list)

    def names(self) -> list[str]:
        """Return the names of all cells that a binding gets."""
        still = [STILL_SERVING] if self.base is not None else []
        loads = [f"bad/{row.name}" for row in self.load_rows]
        runs = [case.name for case in self.run_rows]
        return [case.name for case in self.cases] + loads + runs + still


@dataclass(frozen=True)
class Reference:
    """The answers that every binding is held against.

    Attributes:
        binding: Who gave them.
        library_class: With which library.
        answers: By case name.
        repeats: The second run of each case, judged by the first.
    """

    binding: str
    library_class: LibraryClass
    answers: dict[str, Answer]
    repeats: dict[str, Verdict]

    def unsteady(self, case: str) -> bool:
        """Tell whether it answered this case differently the second time."""
        return self.answers[case].outcome is Outcome.MISMATCH


class Engine:
    """Runs plans and writes every result to a journal.

    As a context it ends its workers: politely, or at once after an error.

    Args:
        folder: For bundles, logs and failures; its old content is replaced.
        journal: Gets every record as soon as it is known.
        deviations: Known ones.
        jobs: How many bindings run at once.
        timeouts: For each request.
        config: What models are loaded with in all bindings but the reference.
        progress: Told of every cell.
    """

    def __init__(
        self,
        folder: Path,
        journal: Journal,
        *,
        deviations: Sequence[known.Deviation] = (),
        jobs: int = 2,
        timeouts: Timeouts | None = None,
        config: str = "default",
        progress: Progress = lambda _model, _binding, _cells: None,
    ) -> None:
        self.folder = folder
        self.journal = journal
        self._deviations = deviations
        self._jobs = jobs
        self._timeouts = timeouts or Timeouts()
        self._config = config
        self._progress = progress
        self._conversations: dict[str, Conversation] = {}
        self._lock = threading.Lock()
        for old in ("workers", "failures"):
            shutil.rmtree(folder / old, ignore_errors=True)

    # --- workers ----------------------------------------------------------------

    def _conversation(self, binding: Binding) -> Conversation:
        with self._lock:
            if binding.id not in self._conversations:
                config = self._config if binding.id not in REFERENCES else "default"
                self._conversations[binding.id] = Conversation(
                    binding, self.folder / "workers" / binding.id, config, self._timeouts
                )
            return self._conversations[binding.id]

    def _start(self, binding: Binding) -> None:
        """Start a worker ahead of its first model; what goes wrong shows when that is loaded."""
        if binding.id not in REFERENCES:
            with contextlib.suppress(SetupError, WorkerError):
                self._conversation(binding).start()

    def _open(self, binding: Binding, target: Target) -> Conversation | Answer:
        """Load a model in a binding's worker, or say why that cannot be."""
        conversation = self._conversation(binding)
        try:
            self.journal.add(conversation.open(target))
        except SetupError as error:
            return Answer(Outcome.SETUP, detail=str(error))
        except LoadRefusedError as error:
            return error.answer
        except WorkerError as error:
            return Answer(Outcome(error.outcome), detail=str(error))
        return conversation

    def _close(self) -> None:
        """End every worker; one that does not end as it should is left a result."""
        for conversation in self._conversations.values():
            try:
                conversation.close()
            except WorkerError as error:
                self._decide(
                    Result(
                        model="",
                        binding=conversation.binding.id,
                        case="bye",
                        signature="",
                        outcome=Outcome(error.outcome),
                        detail=str(error),
                    )
                )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._close()
        finally:
            for conversation in self._conversations.values():
                conversation.stop()

    @contextlib.contextmanager
    def _abandoned_on_error(self, pool: ThreadPoolExecutor) -> Iterator[None]:
        """Let nobody wait for workers any more when something ends the run (Ctrl-C)."""
        try:
            yield
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            with self._lock:
                for conversation in self._conversations.values():
                    conversation.abandon()
            raise

    # --- a model ----------------------------------------------------------------

    def check(self, plan: Plan, bindings: Sequence[Binding]) -> Reference | None:
        """Run one model in every binding, the reference first.

        Args:
            plan: What to run.
            bindings: In which; the reference runs even if it is not among them,
                and its results are then not recorded.

        Returns:
            The reference's answers; None when no reference runs this model.
        """
        with ThreadPoolExecutor(self._jobs) as pool, self._abandoned_on_error(pool):
            # TensorFlow's import takes seconds in each Python worker: let the
            # others begin with it while the reference answers.
            starts = [pool.submit(self._start, binding) for binding in bindings]
            reference = self._refer(plan, record={binding.id for binding in bindings})
            for start in starts:
                start.result()
            if reference is None:
                why = Answer(Outcome.NOT_RUN, detail="the Python reference cannot run this model")
                for binding in bindings:
                    if binding.id not in REFERENCES:
                        self._record_unopened(plan, binding, why)
                return None
            futures = [
                pool.submit(self._run_binding, plan, binding, reference) for binding in bindings
            ]
            for future in futures:
                future.result()
        self._judge_links(plan.target, reference)
        return reference

    def _refer(self, plan: Plan, *, record: set[str]) -> Reference | None:
        """Get the reference's answers, twice; None when no reference runs the model."""
        there = discover()
        refused: dict[str, Answer] = {}
        for name in REFERENCES:
            opened = self._open(there[name], plan.target)
            if isinstance(opened, Conversation):
                break
            refused[name] = opened
        if all(answer.outcome is Outcome.SETUP for answer in refused.values()) and refused:
            raise SteleError(
                Code.FAILED_PRECONDITION,
                f"the reference is TensorFlow in Python: {_reason(refused[REFERENCES[0]])}",
            )
        for other, answer in refused.items():
            # A clean refusal by TensorFlow 2 says something of the model, and
            # nothing against the bindings, when a session runs it.
            clean = answer.outcome is None and len(refused) < len(REFERENCES)
            if other in record:
                told = replace(answer, outcome=Outcome.UNSUPPORTED, detail=_reason(answer))
                self._record_unopened(plan, there[other], told if clean else answer)
            self.journal.add(
                Link(
                    plan.target.name,
                    f"export to {other}",
                    ok=clean,
                    detail=f"{other} refuses the model: {_reason(answer)}",
                )
            )
        if not isinstance(opened, Conversation):
            return None
        answers = {case.name: opened.run(case) for case in plan.cases}
        repeats = {
            case.name: judge.against_reference(
                opened.run(case), answers[case.name], same_class=True
            )
            for case in plan.cases
        }
        unsteady = [
            case for case, verdict in repeats.items() if verdict.outcome is Outcome.MISMATCH
        ]
        for case in unsteady:
            answers[case] = Answer(
                Outcome.MISMATCH, detail="not deterministic: two runs of the same input differ"
            )
        self.journal.add(
            Link(
                plan.target.name,
                f"{name} twice",
                ok=not unsteady,
                detail=f"not deterministic on {_some(unsteady)}" if unsteady else "",
            )
        )
        return Reference(name, opened.library_class, answers, repeats)

    # --- a binding --------------------------------------------------------------

    def _run_binding(self, plan: Plan, binding: Binding, reference: Reference) -> None:
        if binding.id == reference.binding:
            conversation = self._conversation(binding)
            for case in plan.cases:
                self._record_reference(plan.target, conversation, case, reference)
        else:
            if binding.id in REFERENCES[: REFERENCES.index(reference.binding)]:
                return  # it refused the model, which is recorded
            opened = self._open(binding, plan.target)
            if isinstance(opened, Answer):
                self._record_unopened(plan, binding, opened)
                return
            conversation = opened
            for case in plan.cases:
                answer = conversation.run(case)
                if binding.id == KERAS and reference.unsteady(case.name):
                    answer = _unsteady_export(answer, conversation.run(case))
                self._record(plan.target, conversation, case, answer, reference)
        if plan.base is not None:
            self._run_bad(plan, plan.base, conversation, reference)

    def _run_bad(
        self, plan: Plan, base: Case, conversation: Conversation, reference: Reference
    ) -> None:
        for row in plan.load_rows:
            answer = conversation.try_load(row.folder, row.tags, row.config)
            case = Case(f"bad/{row.name}", "", row.folder / "-", row.code, row.culprits)
            target = Target(plan.target.name, row.folder, row.tags)
            verdict = judge.against_code(answer, row.code, row.culprits)
            self._finish(
                failure.Failure(
                    conversation.binding.id, target, row.config, case, row.code,
                    same_class=True, phase="load",
                ),
                conversation, answer, verdict,
            )  # fmt: skip
        for case in plan.run_rows:
            self._record(plan.target, conversation, case, conversation.run(case), reference)
        # Nothing is lost: the model loaded before all that still gives its answer.
        still = Case(STILL_SERVING, base.signature, base.inputs)
        answers = reference.answers | {STILL_SERVING: reference.answers[base.name]}
        self._record(
            plan.target,
            conversation,
            still,
            conversation.run(still),
            replace(reference, answers=answers),
        )

    # --- results ----------------------------------------------------------------

    def _record(
        self,
        target: Target,
        conversation: Conversation,
        case: Case,
        answer: Answer,
        reference: Reference,
    ) -> None:
        """Judge one answer and write it down."""
        same_class = (
            reference.library_class.proven and conversation.library_class == reference.library_class
        )
        expected: dict[str, RawTensor] | Code = {}
        if case.code is not None:
            expected = case.code
            verdict = judge.against_code(answer, case.code, case.culprits)
        else:
            due = reference.answers[case.name]
            expected = _due(due)
            verdict = judge.against_reference(answer, due, same_class=same_class)
        self._finish(
            failure.Failure(
                conversation.binding.id, target, conversation.config, case, expected, same_class
            ),
            conversation,
            answer,
            verdict,
        )

    def _record_reference(
        self, target: Target, conversation: Conversation, case: Case, reference: Reference
    ) -> None:
        """Write down the reference's own answer: what it says is right by definition."""
        answer = reference.answers[case.name]
        if answer.outcome is not None:
            verdict = Verdict(answer.outcome, answer.detail)
        elif case.code is not None:
            verdict = judge.against_code(answer, case.code, case.culprits)
        else:
            verdict = reference.repeats[case.name]
            if answer.code is not None:
                verdict = replace(verdict, detail=f"refused: {answer.code.name}")
        about = failure.Failure(
            conversation.binding.id,
            target,
            conversation.config,
            case,
            _due(answer),
            same_class=True,
        )
        self._finish(about, conversation, answer, verdict)

    def _finish(
        self,
        about: failure.Failure,
        conversation: Conversation,
        answer: Answer,
        verdict: Verdict,
    ) -> None:
        result = Result(
            model=about.target.name,
            binding=about.binding,
            case=about.case.name,
            signature=about.case.signature,
            outcome=verdict.outcome,
            detail=verdict.detail,
            library_class=conversation.library_class.label,
            identical=verdict.identical,
            tensors=tuple(distance.record() for distance in verdict.distances),
            seconds=answer.seconds,
            retried=answer.retried,
        )
        if about.target.zoo and not about.same_class:
            result = known.weigh(result, self._deviations)
        result = known.apply(result, self._deviations)
        if result.red:
            kept = str(
                failure.keep(
                    self.folder / "failures", about, answer.outputs, result.detail, conversation.log
                )
            )
            result = result.kept_in(kept)
        self._decide(result)

    def _decide(self, result: Result) -> None:
        self.journal.add(known.apply(result, self._deviations))
        self._progress(result.model, result.binding, 1)

    def _record_unopened(self, plan: Plan, binding: Binding, answer: Answer) -> None:
        """Write down a binding that could not load the model: one cell stands for all."""
        outcome = answer.outcome or Outcome.ERROR
        self._decide(
            Result(
                model=plan.target.name,
                binding=binding.id,
                case=LOAD_CASE,
                signature="",
                outcome=outcome,
                detail=_reason(answer),
            )
        )

    def _judge_links(self, target: Target, reference: Reference) -> None:
        """Say of each link of the chain of custody whether it held."""
        links = {KERAS: f"{KERAS} to {reference.binding}"}
        if reference.binding != REFERENCES[1]:
            links[REFERENCES[1]] = f"{reference.binding} to {REFERENCES[1]}"
        for binding, link in links.items():
            results = [
                result
                for result in self.journal.of(Result)
                if result.model == target.name
                and result.binding == binding
                and not result.case.startswith("bad/")
            ]
            ran = [result for result in results if not result.outcome.grey]
            wrong = [result.case for result in ran if result.red]
            if ran:
                who = (
                    "the export differs from the model in memory" if binding == KERAS else "differs"
                )
                detail = f"{who} on {_some(wrong)}" if wrong else ""
                self.journal.add(Link(target.name, link, ok=not wrong, detail=detail))


def _unsteady_export(first: Answer, second: Answer) -> Answer:
    """Say whose fault it is that the export answers differently each time."""
    if not _steady(first, second):
        return Answer(Outcome.NOT_RUN, detail="the model in memory is not deterministic either")
    return replace(
        first,
        outcome=Outcome.MISMATCH,
        detail="the export is not deterministic; the model in memory is",
    )


def _due(reference: Answer) -> dict[str, RawTensor] | Code:
    """Return what a binding should have answered; nothing where the reference failed."""
    if reference.outputs is not None:
        return reference.outputs
    return reference.code or {}


def _steady(first: Answer, second: Answer) -> bool:
    return judge.against_reference(second, first, same_class=True).outcome is Outcome.PASS


def _reason(answer: Answer) -> str:
    if answer.outcome is not None:
        return answer.detail
    return f"{answer.code.name if answer.code else '?'}: {answer.message}"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def exit_status(
    journal: Journal,
    bindings: Iterable[Binding],
    outgrown: Iterable[known.Deviation],
    *,
    strict: bool,
) -> int:
    """Return 0 when all passed, 1 for a failure, 3 when nothing could be run.

    Args:
        journal: The finished run.
        bindings: That were asked for.
        outgrown: Known deviations that have started to pass: a failure.
        strict: Whether a binding that could not be run is a failure (in CI).
    """
    results = journal.of(Result)
    ran = {result.binding for result in results if not result.outcome.grey}
    if any(result.red for result in results) or list(outgrown):
        return 1
    if any(not record.ok for record in journal.records if isinstance(record, Link)):
        return 1
    claimed = {binding.id for binding in bindings if not binding.comparator}
    not_run = (Outcome.SETUP, Outcome.NOT_RUN)
    if strict and any(r.binding in claimed and r.outcome in not_run for r in results):
        return 1
    return 0 if ran else 3


def plan(target: Target, cases: list[Case], folder: Path, *, bad: bool) -> Plan:
    """Make a plan; with ``bad``, the bad-input table belongs to it.

    Raises:
        SteleError: NOT_FOUND when no case is left.
    """
    if not cases:
        raise SteleError(Code.NOT_FOUND, f'no case of "{target.name}" fits --cases and --signature')
    if not bad:
        return Plan(target, cases)
    base = _base(cases)
    return Plan(
        target,
        cases,
        base,
        bad_input.load_rows(target, folder / "damaged" / target.name),
        bad_input.run_rows(target, base, folder / "bad" / target.name),
    )


def _base(cases: list[Case]) -> Case:
    """Choose the case that bad rows are made from: with most inputs, and not empty.

    The first of those: real data comes before what is generated.
    """

    def rank(case: Case) -> tuple[bool, int]:
        files = list(case.inputs.glob("*.bin"))
        return all(file.stat().st_size for file in files), len(files)

    return max(cases, key=rank)
