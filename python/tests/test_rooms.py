"""The rooms of the package: imports point downwards only, and never go in a circle."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import stele

ROOT = Path(stele.__file__).parent

# A room imports from itself and from the lines below its own.
LEVELS = """
cli
commands
report web
bench convert
parity
remote server
keras_model
libtensorflow native savedmodel wire zoo
marked paths staging
contract
_proto
"""
LEVEL = {room: number for number, line in enumerate(LEVELS.split("\n")) for room in line.split()}


@cache
def imports() -> dict[str, set[str]]:
    """Return what each module of the package imports of it, in functions too."""
    files = {
        ".".join(("stele", *file.relative_to(ROOT).with_suffix("").parts)): file
        for file in ROOT.rglob("*.py")
        if "_proto" not in file.parts
    }
    modules = {name.removesuffix(".__init__"): file for name, file in files.items()}
    return {
        name: {
            imported if imported in modules else imported.rpartition(".")[0]
            for imported in _imported(ast.parse(file.read_text()))
        }
        for name, file in modules.items()
    }


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.startswith("stele."))


@pytest.mark.parametrize("module", sorted(imports()))
def test_imports_point_downwards(module: str) -> None:
    def room(name: str) -> str:
        return name.split(".")[1]

    if module == "stele":
        assert not imports()[module]
        return
    for imported in imports()[module]:
        inside = room(imported) == room(module)
        assert inside or LEVEL[room(imported)] > LEVEL[room(module)], f"{module} -> {imported}"


def test_no_circle() -> None:
    assert len(list(graphlib.TopologicalSorter(imports()).static_order())) > len(LEVEL)
