"""Every public class of Keras is in a model of the zoo, or has a reason; the table says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from stele import paths, zoo
from stele.zoo import coverage

PAGE = Path(__file__).parents[3] / "docs/zoo.md"


@pytest.fixture(scope="module")
def root(trained) -> Path:
    for name in zoo.DEFAULT:
        trained(name)
    return paths.models_dir()


@pytest.mark.parametrize("kind", coverage.KINDS)
def test_every_class_is_covered_or_has_a_reason(root, kind):
    found = coverage.covered(root)[kind]
    missing = [n for n in coverage.offered(kind) if n not in found and not coverage.reason(kind, n)]
    assert missing == []
    named = [name for name in coverage.REASONS[kind] if not name.endswith("*")]
    assert [name for name in named if name in found] == []
    assert [name for name in named if name not in coverage.offered(kind)] == []


def test_the_page_has_todays_table(root):
    table = f"<!-- stele train: begin -->\n{coverage.table(root)}\n<!-- stele train: end -->"
    assert table in PAGE.read_text(), "run: stele train --update docs/zoo.md"


def test_every_model_is_on_the_page():
    page = PAGE.read_text()
    assert [name for name in zoo.REGISTRY if f"| `{name}` |" not in page] == []
