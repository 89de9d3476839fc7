"""All of a report, before it is a page or a text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stele.contract.codes import Code, SteleError
from stele.parity.binding import Binding
from stele.report import choice, examples, features, machines, parity, performance, runs
from stele.report.runs import Run
from stele.report.tables import Table


@dataclass(frozen=True)
class Report:
    """What is written.

    Attributes:
        tables: In the order in which they are read; the first answers.
        advice: Sentences behind the first.
        data: What the page's filters work on, as JSON values.
    """

    tables: list[Table]
    advice: list[str]
    data: dict[str, Any]


def make(found: Sequence[Run], bindings: Mapping[str, Binding]) -> Report:
    """Make a report of runs.

    Raises:
        SteleError: FAILED_PRECONDITION when they hold no result.
    """
    if not any(run.results for run in found):
        raise SteleError(Code.FAILED_PRECONDITION, "these runs hold no result of any binding")
    measured = performance.measured(found)
    candidates = choice.candidates(found, bindings, measured, parity.summary(found))
    tables = [choice.table(candidates)] if candidates else []
    tables += [
        *features.tables(found, bindings),
        parity.table(found),
        *machines.tables(found),
        *performance.tables(found),
        runs.table(found),
    ]
    data = {
        "answers": choice.answers(candidates),
        "languages": list(dict.fromkeys(one.language for one in candidates)),
        "places": list(choice.PLACES),
        "matters": list(choice.MATTERS),
        "bindings": {
            name: {
                "language": features.language(bindings[name]),
                "place": features.place(bindings[name], found),
            }
            for name in features.seen(found, bindings)
        },
        "examples": examples.sources(bindings),
        "factors": performance.factors(measured),
        "rows": [performance.key(one) for one in measured],
    }
    return Report(tables, choice.advice(candidates) if candidates else [], data)
