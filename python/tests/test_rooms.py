"""The rooms of the package: imports point downwards only, and never go in a circle.

The rooms and their order stand in the repository's pyproject.toml.
"""

from __future__ import annotations

import grimp
from importlinter.cli import lint_imports

from stele import paths


def test_imports_point_downwards_and_go_in_no_circle() -> None:
    config = paths.repo_root() / "pyproject.toml"
    assert lint_imports(config_filename=str(config), no_cache=True) == 0


def test_no_package_imports_a_module_that_imports_it() -> None:
    """A circle between a package's own file and its modules, which are no siblings."""
    graph = grimp.build_graph("stele", cache_dir=None)
    assert [
        graph.find_shortest_chain(package, module)
        for module in graph.modules
        for package in graph.find_modules_directly_imported_by(module)
        if module.startswith(f"{package}.") and graph.chain_exists(package, module)
    ] == []
