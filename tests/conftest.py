"""One test for each binding, model and case; each pair is run once, when first needed.

`pytest tests -k 'c and digits'` selects what one expects: a word that is the id
of a binding or the name of a model stands for exactly that, in any other test
for what pytest makes of it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

import pytest
from _pytest.mark.expression import Expression

from stele import paths, zoo
from stele.contract.codes import SteleError
from stele.parity import binding as bindings
from stele.parity import case as cases
from stele.parity import known, plan, run
from stele.parity.binding import Binding, SetupError
from stele.parity.claim import claim_free
from stele.parity.record import Journal, Outcome, Result
from tests.odd_models.folders import folder_of

STRICT = os.environ.get("CI") == "true"


@dataclass(frozen=True)
class Cell:
    """One test: a binding, a model, a case."""

    binding: str
    model: str
    case: str

    @property
    def id(self) -> str:
        return f"{self.binding}-{self.model}-{self.case}"


@contextmanager
def needing_tools() -> Iterator[None]:
    """Skip what misses its toolchain, which is grey for a user; in CI it is a failure."""
    try:
        yield
    except SetupError as error:
        if STRICT:
            raise
        pytest.skip(f"setup: {error}")


@cache
def claimed() -> dict[str, Binding]:
    return {name: b for name, b in bindings.discover().items() if not b.comparator}


@cache
def folder() -> Path:
    """Return where this run writes; another one at the same time has its own."""
    return claim_free(paths.build_dir() / "test")


@cache
def plans() -> dict[str, plan.Plan]:
    out = folder()
    _train_what_is_missing()
    return {
        target.name: plan.make(
            target, cases.collect(target, out / "inputs" / target.name), out, bad=True
        )
        for target in map(cases.find, zoo.DEFAULT)
    }


def _train_what_is_missing() -> None:
    """Train in another process what the cells of the zoo need: TensorFlow stays out of this one."""
    models = paths.models_dir()
    missing = [name for name in zoo.DEFAULT if not (models / name / "saved_model").exists()]
    if missing:
        subprocess.run([sys.executable, "-m", "stele.cli", "train", *missing], check=True)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "cell" not in metafunc.fixturenames:
        return
    try:
        cells = [
            Cell(binding, model, case)
            for model, planned in plans().items()
            for binding, found in claimed().items()
            # To convert a model takes longer than to run it in all languages: what servers
            # and converters make of the others, `stele check` shows.
            if found.in_process or model in zoo.BASIC
            for case in planned.names()
        ]
    except SteleError as error:
        pytest.exit(f"{error}", returncode=3)
    metafunc.parametrize("cell", cells, ids=[cell.id for cell in cells])


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let `-k c` mean the binding c, and not every test with a c in its name."""
    keyword = config.option.keyword
    if not keyword:
        return
    expression = Expression.compile(keyword)
    exact = {*claimed(), *plans()}

    def names(item: pytest.Item) -> set[str]:
        """Return the binding and the model that a test is for, as far as it is for one."""
        params: dict[str, Any] = item.callspec.params if hasattr(item, "callspec") else {}
        cell = params.get("cell")
        if cell is not None:
            return {cell.binding, cell.model}
        binding = params.get("binding")
        return {binding.id} if isinstance(binding, Binding) else set()

    def matches(item: pytest.Item, word: str) -> bool:
        return word in names(item) if word in exact else word.lower() in item.nodeid.lower()

    kept = [
        item for item in items if expression.evaluate(lambda word, item=item: matches(item, word))
    ]
    dropped = [item for item in items if item not in kept]
    config.hook.pytest_deselected(items=dropped)
    items[:] = kept
    config.option.keyword = ""


class Parity:
    """Runs a model in the bindings whose tests were selected, once."""

    def __init__(self, wanted: set[tuple[str, str]]) -> None:
        self._wanted = wanted
        self._journal = Journal(folder() / "results.jsonl")
        self._journal.begin(["pytest"])
        self.deviations = known.load(*paths.bindings_roots())
        self._run = run.Run(folder(), self._journal, deviations=self.deviations)
        self._found: dict[str, dict[tuple[str, str], Result]] = {}

    def result(self, cell: Cell) -> Result:
        if cell.model not in self._found:
            self._found[cell.model] = {}
            selected = [b for name, b in claimed().items() if (name, cell.model) in self._wanted]
            self._run.check(plans()[cell.model], selected)
            self._sort(cell.model)
        found = self._found[cell.model]
        # A binding that could not load the model has one result that stands for all.
        return found.get((cell.binding, cell.case)) or found[cell.binding, plan.LOAD_CASE]

    def _sort(self, model: str) -> None:
        """Lay out a model's results once: there are tens of thousands of them and of tests."""
        for result in self.results:
            if result.model == model:
                self._found[model][result.binding, result.case] = result

    @property
    def results(self) -> list[Result]:
        return self._journal.of(Result)

    def __enter__(self) -> Self:
        self._run.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._run.__exit__(*error)
        self._journal.end(int(any(result.red for result in self.results)))


@pytest.fixture(scope="session")
def parity(request: pytest.FixtureRequest) -> Iterator[Parity]:
    cells = [
        item.callspec.params["cell"]
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and hasattr(item, "callspec")
        and "cell" in item.callspec.params
    ]
    with Parity({(cell.binding, cell.model) for cell in cells}) as started:
        yield started


def judge(result: Result, binding: Binding) -> None:
    """Turn an outcome into pytest's: grey is a skip, but not in CI for a claimed binding."""
    if result.known:
        pytest.xfail(result.known)
    if result.outcome in (Outcome.SETUP, Outcome.NOT_RUN) and STRICT:
        pytest.fail(f"{binding.id} is claimed and could not run: {result.detail}")
    if result.outcome.grey:
        pytest.skip(f"{result.outcome}: {result.detail}")
    replay = f"\nstele replay {result.failure}" if result.failure else ""
    assert result.outcome is Outcome.PASS, f"{result.outcome}: {result.detail}{replay}"


@pytest.fixture(scope="session")
def foreign() -> Path:
    """SavedModels that are not in the zoo."""
    return folder_of("foreign")
