"""The parity run: models × bindings × cases, each held against its neighbour in the chain."""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from stele.contract.codes import Code, SteleError
from stele.contract.printable import one_line
from stele.parity import cells, explain, judge, known, links, sizes
from stele.parity.binding import Binding, SetupError, discover
from stele.parity.case import Case, Target
from stele.parity.cells import Asked, Cells, Progress
from stele.parity.conversation import Answer, Conversation, LoadRefusedError, Timeouts
from stele.parity.judge import Verdict
from stele.parity.library import AS_FUNCTION
from stele.parity.limits import Limits
from stele.parity.plan import END_CASE, PLAN_CASE, STILL_SERVING, Plan
from stele.parity.process import WorkerError
from stele.parity.record import Coverage, Journal, Link, Outcome, Result
from stele.parity.reference import (
    FUNCTION,
    KERAS,
    REFERENCES,
    SESSION,
    Reference,
    consult,
    expected_of,
    in_sequence,
    withheld,
)

# How many times the time of a reference a binding has for a generated case.
_PATIENCE = 3


@dataclass(frozen=True)
class Chain:
    """What is known of a model before the bindings run it.

    Attributes:
        function: The answers of TensorFlow's function in Python.
        session: The answers of its session.
    """

    function: Reference
    session: Reference

    @property
    def main(self) -> Reference | None:
        """Who answers for the model: the session, on whose path nearly all bindings are."""
        return next((one for one in (self.session, self.function) if one.loads), None)

    def neighbour(self, execution: str) -> Reference | None:
        """Return who a binding of this execution path is held against; None if nobody knows."""
        if execution == "function":
            ordered = (self.function, self.session)
            able = [one for one in ordered if one.loads]
        else:
            ordered = (self.session, self.function)
            able = [one for one in ordered if one.loads or one.refuses][:1]
        return next(iter([*able, *(one for one in ordered if one.refuses)]), None)


class Run:
    """Runs plans and writes every result to a journal.

    As a context it ends its workers: politely, or at once after an error.

    Args:
        folder: For bundles, logs and failures; its old content is replaced.
        journal: Gets every record as soon as it is known.
        deviations: Known ones.
        jobs: How many bindings run at once; so many and a reference hold a model.
        timeouts: For each request.
        config: What models are loaded with in all bindings but the references.
        progress: Told of every cell.

    Attributes:
        say: Told, in a few words, what is going on.
        limits: Of each worker that starts from now on, the references' too.
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
        self._cells = Cells(folder, journal, deviations, progress)
        self._jobs = jobs
        self.say: Callable[[str], None] = lambda _what: None
        self.limits = Limits()
        self._timeouts = timeouts or Timeouts()
        self._config = config
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
                    binding,
                    self.folder / "workers" / binding.id,
                    config,
                    self._timeouts,
                    limits=self.limits,
                )
            return self._conversations[binding.id]

    def _start(self, binding: Binding) -> None:
        """Start a worker ahead of its first model; what goes wrong shows when that is loaded."""
        self.say(f"building and starting {binding.id}")
        with contextlib.suppress(SetupError, WorkerError):
            self._conversation(binding).start()

    def _open(self, binding: Binding, target: Target) -> Conversation | Answer:
        """Load a model in a binding's worker, or say why that cannot be."""
        conversation = self._conversation(binding)
        loaded = conversation.try_open(target)
        if isinstance(loaded, Answer):
            return loaded
        self.journal.add(loaded)
        return conversation

    def _close(self) -> None:
        """End every worker; one that does not end as it should is left a result."""
        for conversation in self._conversations.values():
            with self._told_when_it_ends_badly(conversation.binding):
                conversation.close()

    def _release(self, binding: Binding) -> None:
        """Have a binding let go of its model: few hold one at a time."""
        with self._told_when_it_ends_badly(binding):
            self._conversation(binding).release()

    @contextlib.contextmanager
    def _told_when_it_ends_badly(self, binding: Binding) -> Iterator[None]:
        try:
            yield
        except WorkerError as error:
            outcome = Outcome(error.outcome)
            self._cells.add(Result("", binding.id, END_CASE, "", outcome, str(error)))

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
        """Run one model in every binding, the references first.

        Args:
            plan: What to run.
            bindings: In which; the references run even if they are not among them,
                and their results are then not recorded.

        Returns:
            The answers that most bindings are held against; None when no reference
            runs this model.
        """
        known_bindings = discover()
        selected = {binding.id for binding in bindings}
        others = [binding for binding in bindings if binding.id not in REFERENCES]
        with ThreadPoolExecutor(self._jobs) as pool, self._abandoned_on_error(pool):
            # TensorFlow's import takes seconds in each Python worker: let the
            # others begin with it while the references answer.
            ahead = [known_bindings[SESSION], *others]
            starts = [pool.submit(self._start, binding) for binding in ahead]
            plan, chain = self._consult(plan, known_bindings, selected, starts[0])
            for start in starts:
                start.result()
            futures = [pool.submit(self._run_binding, plan, binding, chain) for binding in others]
            for future in futures:
                future.result()
        if (keras := chain.neighbour("function")) is not None:
            results = self.journal.of(Result)
            for link in links.keras_to_export(plan.target.name, keras.binding, results):
                self.journal.add(link)
        return chain.main

    def _consult(
        self,
        plan: Plan,
        known_bindings: Mapping[str, Binding],
        selected: set[str],
        session_started: Future[None],
    ) -> tuple[Plan, Chain]:
        """Ask both references, and record the links between them, and their own cells.

        Returns:
            The plan, with inputs of sizes that the model takes, and what is known of it.
        """
        left_out = withheld(plan)
        plan, function = self._refer(plan, known_bindings[FUNCTION], left_out, fit=True)
        if function.loads:
            if FUNCTION in selected:
                self._record_reference(plan, function)
            self._release(known_bindings[FUNCTION])
        dropped = {
            case: answer
            for case, answer in function.answers.items()
            if answer.outcome is Outcome.NOT_RUN
        }
        session_started.result()
        skip = left_out | dropped
        plan, session = self._refer(plan, known_bindings[SESSION], skip, fit=not function.loads)
        chain = Chain(function, session)
        self._record_refusals(plan, chain, known_bindings, selected)
        if session.loads:
            verdicts = self._link(plan, chain) if function.loads else None
            if SESSION in selected:
                self._record_reference(plan, session, verdicts)
            self._release(known_bindings[SESSION])
        if chain.main is not None:
            for coverage in chain.main.coverage(plan):
                self.journal.add(coverage)
        return plan, chain

    def _refer(
        self, plan: Plan, binding: Binding, skip: Mapping[str, Answer], *, fit: bool
    ) -> tuple[Plan, Reference]:
        """Get a reference's answers.

        Args:
            plan: What to ask.
            binding: Whom.
            skip: Cases that are not run, and the answer that stands for theirs.
            fit: Whether to look for sizes that the model takes.

        Returns:
            The plan, with inputs of such sizes, and the answers to it.
        """
        opened = self._open(binding, plan.target)
        if isinstance(opened, Answer):
            if opened.outcome is Outcome.SETUP:
                raise SteleError(
                    Code.FAILED_PRECONDITION,
                    f"the reference is TensorFlow in Python: {opened.detail}",
                )
            return plan, Reference(binding.id, refused=opened)
        if fit:
            folder = self.folder / "sizes" / plan.target.name
            plan, reference = sizes.consult_fitting(opened, plan, skip, folder)
        else:
            reference = consult(opened, plan, skip)
        self.journal.add(links.of_repeats(plan, reference))
        return plan, reference

    def _record_refusals(
        self, plan: Plan, chain: Chain, known_bindings: Mapping[str, Binding], selected: set[str]
    ) -> None:
        for link in links.of_loads(plan, chain.function, chain.session):
            self.journal.add(link)
        outcome = Outcome.UNSUPPORTED if chain.main is not None else Outcome.NOT_ANSWERED
        for reference in (chain.function, chain.session):
            if reference.refused is not None and reference.binding in selected:
                verdict = cells.refused(reference.refused, outcome=outcome)
                self._cells.unopened(plan.target.name, known_bindings[reference.binding], verdict)

    def _link(self, plan: Plan, chain: Chain) -> Mapping[str, Verdict]:
        """Hold the session against the function; run it without the optimizer if they differ."""
        conversation = self._conversations[SESSION]

        def unoptimized(apart: Sequence[str]) -> Mapping[str, Answer]:
            skip = {case.name: Answer(Outcome.NOT_RUN) for case in plan.cases}
            if not plan.stateful:
                skip = {case: answer for case, answer in skip.items() if case not in apart}
            else:
                skip = {}
            try:
                conversation.config = AS_FUNCTION
                conversation.open(plan.target)
                asked = in_sequence(conversation, plan, skip, patience=1)
                return {case.name: answer for case, answer in asked}
            except (LoadRefusedError, WorkerError, SetupError):
                return {}
            finally:
                conversation.config = "default"

        linked = links.function_to_session(plan, chain.function, chain.session, unoptimized)
        self.journal.add(linked.link)
        self._open(conversation.binding, plan.target)
        return linked.verdicts

    # --- a binding --------------------------------------------------------------

    def _run_binding(self, plan: Plan, binding: Binding, chain: Chain) -> None:
        self.say(f"{plan.target.name}: comparing {binding.id}")
        as_function = binding.execution == "function" or self._config == AS_FUNCTION
        reference = chain.neighbour("function" if as_function else "session")
        if reference is None:
            why = "the Python reference cannot run this model"
            self._cells.unopened(plan.target.name, binding, Verdict(Outcome.NOT_RUN, why))
            return
        opened = self._open(binding, plan.target)
        if reference.refused is not None or isinstance(opened, Answer):
            self._judge_load(plan, binding, opened, reference)
        else:
            asked = Asked(plan.target, opened, _unanswered(plan, reference))
            self._run_cases(plan, asked, reference)
            self._run_bad(plan, asked, reference)
        self._release(binding)

    def _judge_load(
        self, plan: Plan, binding: Binding, opened: Conversation | Answer, reference: Reference
    ) -> None:
        """Judge a load that was refused, or that the reference refuses."""
        if reference.refused is None:
            assert isinstance(opened, Answer)  # noqa: S101  (or its cases are run)
            outcome = opened.outcome or Outcome.ERROR
            verdict = Verdict(outcome, explain.reason(opened))
        else:
            # One that does not load it shows no library: by its code it is judged as
            # the reference's class, which it may well be.
            if isinstance(opened, Conversation):
                answer, same_class = Answer(outputs={}), opened.library_class.proven
            else:
                answer, same_class = opened, True
            verdict = judge.against_reference(answer, reference.refused, same_class=same_class)
            if verdict.outcome is Outcome.PASS:
                why = f"refused, as the reference does: {explain.reason(reference.refused)}"
                verdict = replace(verdict, outcome=Outcome.NOT_ANSWERED, detail=why)
        self._cells.unopened(plan.target.name, binding, verdict)

    def _run_cases(self, plan: Plan, asked: Asked, reference: Reference) -> None:
        conversation = asked.conversation
        skip = {
            case: Answer(Outcome.NOT_RUN, detail=f"the reference gave no answer: {answer.detail}")
            for case, answer in reference.answers.items()
            if answer.outcome is not None
        }
        keras = conversation.binding.id == KERAS
        if keras:
            skip = {case: a for case, a in skip.items() if not reference.unsteady(case)}
        for case, given in in_sequence(conversation, plan, skip, patience=_PATIENCE):
            answer = given
            if keras and reference.unsteady(case.name):
                answer = _unsteady_export(given, conversation.run(case))
            self._cells.judge(asked, case, answer, reference)

    def _run_bad(self, plan: Plan, asked: Asked, reference: Reference) -> None:
        """Run the bad-input table; nothing is lost by it: the model still gives its answer."""
        if plan.base is None:
            return
        conversation = asked.conversation
        for row in plan.load_rows:
            answer = conversation.try_load(row.folder, row.tags, row.config)
            case = Case(f"bad/{row.name}", "", row.folder / "-", row.refusal)
            damaged = Target(plan.target.name, row.folder, row.tags)
            loaded = Asked(damaged, conversation, loaded_with=row.config)
            verdict = judge.against_refusal(answer, row.refusal)
            self._cells.decide(loaded, case, answer, verdict, row.refusal.code)
        for case in plan.run_rows:
            self._cells.judge(asked, case, conversation.run(case), reference)
        still = Case(STILL_SERVING, plan.base.signature, plan.base.inputs)
        answer = (conversation.reload() if plan.stateful else None) or conversation.run(still)
        self._cells.judge(asked, still, answer, reference, expected=plan.base.name)

    def _record_reference(
        self, plan: Plan, reference: Reference, verdicts: Mapping[str, Verdict] | None = None
    ) -> None:
        """Write down a reference's own answers: right by definition, but for ``verdicts``."""
        conversation = self._conversations[reference.binding]
        asked = Asked(plan.target, conversation, _unanswered(plan, reference))
        for case in plan.cases:
            answer = reference.answers[case.name]
            verdict = _own_verdict(case, reference) if verdicts is None else verdicts[case.name]
            self._cells.decide(asked, case, answer, verdict, expected_of(answer))
        self._run_bad(plan, asked, reference)


def _own_verdict(case: Case, reference: Reference) -> Verdict:
    """Return the verdict on the answer of a reference that nobody stands before."""
    answer = reference.answers[case.name]
    if answer.outcome is not None:
        return Verdict(answer.outcome, answer.detail)
    if case.refusal is not None:
        return judge.against_refusal(answer, case.refusal)
    verdict = reference.repeats[case.name]
    if answer.code is not None:
        return replace(verdict, detail=f"refused: {answer.code.name}")
    return verdict


def _unanswered(plan: Plan, reference: Reference) -> dict[str, str]:
    """Return the signatures of which nothing was answered, and why."""
    return {
        coverage.signature: one_line(coverage.detail)
        for coverage in reference.coverage(plan)
        if not coverage.answered
    }


def _unsteady_export(first: Answer, second: Answer) -> Answer:
    """Say whose fault it is that the export answers differently each time."""
    again = judge.against_reference(second, first, same_class=True)
    if again.outcome is not Outcome.PASS:
        return Answer(Outcome.NOT_RUN, detail="the model in memory is not deterministic either")
    return replace(
        first,
        outcome=Outcome.MISMATCH,
        detail="the export is not deterministic; the model in memory is",
    )


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
        strict: Whether a binding that could not be run, or a signature of which
            nothing was answered, is a failure (in CI).
    """
    results = journal.of(Result)
    if any(result.red for result in results) or list(outgrown):
        return 1
    if any(not link.ok for link in journal.of(Link)):
        return 1
    if strict and _left_open(journal, bindings):
        return 1
    if any(result.case == PLAN_CASE for result in results):
        return 3
    ran = [result for result in results if not result.case.startswith("bad/")]
    return 0 if any(result.outcome is Outcome.PASS for result in ran) else 3


def _left_open(journal: Journal, bindings: Iterable[Binding]) -> bool:
    """Tell whether something that was asked for has no verdict."""
    if any(not coverage.answered for coverage in journal.of(Coverage)):
        return True
    claimed = {binding.id for binding in bindings if not binding.comparator}
    open_ = (Outcome.SETUP, Outcome.NOT_RUN, Outcome.NOT_ANSWERED)
    return any(r.binding in claimed and r.outcome in open_ for r in journal.of(Result))
