"""The links of the chain of custody: where function and session, or Keras and its export, part.

A difference between function and session is TensorFlow's own affair, and is said
here once: the bindings are held against their neighbour of the same path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from stele.parity import explain, judge
from stele.parity.conversation import Answer
from stele.parity.judge import Verdict
from stele.parity.plan import LOAD_CASE, Plan
from stele.parity.record import Link, Outcome, Result
from stele.parity.reference import FUNCTION, KERAS, SESSION, Reference

_OPTIMIZER = (
    "TensorFlow's graph optimizer (constant folding): with it off, as in the profile python, "
    f"the session answers as {FUNCTION}"
)


@dataclass(frozen=True)
class SessionLink:
    """The session held against the function.

    Attributes:
        verdicts: By case.
        link: Whether it holds, or why it may differ.
    """

    verdicts: Mapping[str, Verdict]
    link: Link


def function_to_session(
    plan: Plan,
    function: Reference,
    session: Reference,
    unoptimized: Callable[[Sequence[str]], Mapping[str, Answer]],
) -> SessionLink:
    """Hold the session's answers against the function's, and find out why they differ.

    Args:
        plan: What was run.
        function: Its answers.
        session: Its answers.
        unoptimized: Gives the session's answers to some cases with the graph
            optimizer off.
    """
    verdicts = {
        case.name: judge.against_reference(
            session.answers[case.name], function.answers[case.name], same_class=True
        )
        for case in plan.cases
    }
    apart = [case for case, verdict in verdicts.items() if verdict.red]
    reasons: list[str] = []
    if apart:
        again = unoptimized(apart)
        for case in apart:
            why = _reason(function.answers[case], session.answers[case], again.get(case))
            if why:
                detail = f"{verdicts[case].detail}: {why}"
                verdicts[case] = replace(verdicts[case], outcome=Outcome.DIFFERS, detail=detail)
                reasons.append(why)
    broken = [case for case in apart if verdicts[case].red]
    parts = []
    if broken:
        parts.append(f"differs on {some(broken)}")
    for why in dict.fromkeys(reasons):
        cases = [
            case for case in apart if case not in broken and verdicts[case].detail.endswith(why)
        ]
        parts.append(f"differs on {some(cases)}{_distance(verdicts, cases)}: {why}")
    link = Link(
        plan.target.name, f"{FUNCTION} to {SESSION}", ok=not broken, detail="; ".join(parts)
    )
    return SessionLink(verdicts, link)


def _reason(function: Answer, session: Answer, unoptimized: Answer | None) -> str:
    """Say why function and session differ; empty when that is not known."""
    if unoptimized is not None:
        verdict = judge.against_reference(unoptimized, function, same_class=True)
        if verdict.outcome is Outcome.PASS:
            return _OPTIMIZER
    return explain.refusal(session)


def _distance(verdicts: Mapping[str, Verdict], cases: Iterable[str]) -> str:
    ulps = [
        distance.ulp
        for case in cases
        for distance in verdicts[case].distances
        if distance.ulp is not None
    ]
    return f" by up to {max(ulps)} ULP" if ulps else ""


def of_loads(plan: Plan, function: Reference, session: Reference) -> list[Link]:
    """Say which reference does not load the model, and whether that is a fault."""
    model = plan.target.name
    refusals = []
    if function.refused is not None:
        detail = f"{FUNCTION} refuses the model: {explain.reason(function.refused)}"
        refusals.append(Link(model, f"export to {FUNCTION}", ok=function.refuses, detail=detail))
    if session.refused is not None:
        detail = f"{SESSION} refuses the model: {explain.reason(session.refused)}"
        # What runs as a function and not in a session needs a reason that is known.
        ok = session.refuses and bool(not function.loads or explain.refusal(session.refused))
        refusals.append(Link(model, f"{FUNCTION} to {SESSION}", ok=ok, detail=detail))
    return refusals


def of_repeats(plan: Plan, reference: Reference) -> Link:
    """Say whether a reference gives the same answer twice."""
    unsteady = [case.name for case in plan.cases if reference.unsteady(case.name)]
    detail = ""
    if unsteady:
        why = reference.answers[unsteady[0]].detail.partition(": two runs")[0]
        detail = f"{why}, on {some(unsteady)}"
    return Link(plan.target.name, f"{reference.binding} twice", ok=not unsteady, detail=detail)


def keras_to_export(model: str, reference: str, results: Iterable[Result]) -> list[Link]:
    """Say whether the export answers as the Keras model in memory; nothing if that did not run."""
    ran = [
        result
        for result in results
        if (result.model, result.binding) == (model, KERAS)
        and not result.case.startswith("bad/")
        and not result.outcome.grey
    ]
    if not ran:
        return []
    wrong = [result for result in ran if result.red]
    detail = ""
    if wrong and wrong[0].case == LOAD_CASE:
        detail = f"the model in memory does not load: {wrong[0].detail}"
    elif wrong:
        ulps = [tensor["ulp"] for result in wrong for tensor in result.tensors if "ulp" in tensor]
        far = f", by up to {max(ulps)} ULP" if ulps else ""
        cases = some([result.case for result in wrong])
        detail = f"the export differs from the model in memory on {cases}{far}"
    return [Link(model, f"{KERAS} to {reference}", ok=not wrong, detail=detail)]


def some(names: Sequence[str]) -> str:
    """Return the first few names, and how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
