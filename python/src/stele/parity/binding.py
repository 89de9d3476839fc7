"""Bindings: what ``bindings/*/binding.toml`` says about each of them."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from stele import building, paths
from stele.contract.codes import Code, SteleError
from stele.libtensorflow import wheel
from stele.parity import tool
from stele.parity.tool import Tool

# Keys of a binding whose placeholders are filled in.
_FILLED = ("run", "build", "example", "installs", "downloads")


class SetupError(Exception):
    """A binding that cannot run on this machine: a toolchain missing, a failed build."""


@dataclass(frozen=True)
class Snippet:
    """How `stele snippet` writes a program, and what a user types to run it.

    Attributes:
        template: The program, in Jinja2.
        program: What its file is called, below the folder in which one types.
        setup: Shell commands that get the library, once for a folder.
        build: Shell commands that make something of the program, or of the model; one with
            ``{program}``, its file, takes several of them.
        run: The shell command that runs it; ``{model}``, ``{keras}`` and ``{signature}`` are left
            in all of these.
        serve: The one before, in another terminal, where a server runs the model; ``{name}``
            is left in it too.
    """

    template: Path
    program: str
    run: str
    setup: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    serve: str = ""


@dataclass(frozen=True)
class Binding:
    r"""One way to run a SavedModel from one language; the axis of every table.

    Attributes:
        id: Its name, such as ``python-tf``.
        folder: Where its ``binding.toml`` is.
        language: For people.
        summary: One line for tables.
        level: The protocol level that it claims, 1 to 5.
        run: The worker's command.
        build: The command that builds it; empty when nothing is to be built.
        long_build: Whether its build, with nothing done yet, takes longer than most others'.
        tools: What it is built and run with.
        needs: Bindings whose tools it needs too, and which are built before it.
        before: The folders and builds of all that it needs, directly or not, in order.
        example: The command of the digits example; ``{model}`` is left in it.
        code: That example's source file.
        installs: Files and folders that it needs beside those that its processes map, and
            ``python:<import name>``, for its size on disk.
        downloads: The files of its runtime that a page's visitor downloads.
        upstream: Whose API it stands on.
        licence: SPDX.
        execution: ``function`` or ``session``: how TensorFlow runs the graph for it.
        in_process: Whether the worker runs the SavedModel itself: no server, no browser.
        load_profile: The line, for people, that loads ``{model}`` with a ``{profile}``.
        load_config: The same with a serialized ConfigProto: its ``{size}`` and its bytes as
            ``{hex}``, as ``{bytes}`` (``0x28, 0x01``) or ``{escaped}`` (``\x28\x01``).
        snippet: How a program for a model is written; None where it cannot be.
        comparator: Whether it is somebody else's client, kept for comparison.
        soak: Variables for its worker's `stele soak`, by name: such as give its runtime a heap of
            fixed size.
        warm_up: How many calls its runtime compiles during, before one says what it costs.
        reason: Why it cannot run at all, if so.
    """

    id: str
    folder: Path
    language: str
    summary: str
    level: int
    run: tuple[str, ...]
    build: tuple[str, ...] = ()
    long_build: bool = False
    tools: tuple[Tool, ...] = ()
    needs: tuple[str, ...] = ()
    before: tuple[tuple[Path, tuple[str, ...]], ...] = ()
    example: tuple[str, ...] = ()
    code: Path | None = None
    installs: tuple[str, ...] = ()
    downloads: tuple[str, ...] = ()
    upstream: str = ""
    licence: str = ""
    execution: str = "session"
    in_process: bool = True
    load_profile: str = ""
    load_config: str = ""
    snippet: Snippet | None = None
    comparator: bool = False
    soak: Mapping[str, str] = field(default_factory=dict, hash=False)
    warm_up: int = 0
    reason: str = ""

    def require(self) -> None:
        """See that the worker can be started, and that it is built from today's sources.

        Raises:
            SetupError: Saying what to install, or how the build ended.
        """
        self.require_toolchain()
        for folder, command in (*self.before, (self.folder, self.build)):
            if command:
                _build(folder, command)

    @staticmethod
    def environment() -> dict[str, str]:
        """Return the variables that a worker and an example are started with.

        Raises:
            SteleError: NOT_FOUND when TensorFlow is not installed.
        """
        library = os.environ.get("STELE_LIBTENSORFLOW") or str(wheel.find_wheel().folder)
        level = os.environ.get("TF_CPP_MIN_LOG_LEVEL", "2")
        return {"STELE_LIBTENSORFLOW": library, "TF_CPP_MIN_LOG_LEVEL": level}

    def require_toolchain(self) -> None:
        """See that what the binding is built and run with is installed.

        Raises:
            SetupError: Saying what to install, or why it cannot run anywhere.
        """
        if self.reason:
            raise SetupError(self.reason)
        missing = {found: probe for found in self.tools if not (probe := tool.probe(found)).ok}
        if missing:
            names = ", ".join(f"{found.name} ({probe.detail})" for found, probe in missing.items())
            raise SetupError(f"not installed: {names}; install with: {tool.remedy(missing)}")


@cache
def _build(folder: Path, command: tuple[str, ...]) -> None:
    """Run a folder's build, once in a process.

    Raises:
        SetupError: With the end of the build's output.
    """
    try:
        building.build(folder, command)
    except SteleError as error:
        raise SetupError(error.message) from error


@dataclass(frozen=True)
class Folder:
    """What one ``binding.toml`` says.

    Attributes:
        path: Where it is.
        bindings: In the order of the file.
        tools: All of its tools, those for tests and lint too.
    """

    path: Path
    bindings: tuple[Binding, ...]
    tools: tuple[Tool, ...]


def folders(*roots: Path, python: str = sys.executable) -> list[Folder]:
    """Read every ``binding.toml`` one or two folders below the roots.

    Args:
        roots: Folders of bindings; none for the checkout's and those of ``STELE_BINDINGS``.
        python: The interpreter that ``{python}`` stands for.

    Returns:
        Python's chain of custody first, then by name.

    Raises:
        SteleError: INVALID_ARGUMENT for a ``binding.toml`` that does not fit.
    """
    files: list[Path] = []
    for root in roots or paths.bindings_roots():
        below = [*root.glob("*/binding.toml"), *root.glob("*/*/binding.toml")]
        files += sorted(below, key=lambda file: (file.parent.name != "python", file))
    return [_read(file, python) for file in files]


def discover(*roots: Path, python: str = sys.executable) -> dict[str, Binding]:
    """Return every binding by id, in the order of `folders`, with the tools that it needs.

    Raises:
        SteleError: As `folders`; INVALID_ARGUMENT too when an id occurs twice, or a
            binding needs one that is not there.
    """
    bindings: dict[str, Binding] = {}
    for folder in folders(*roots, python=python):
        for binding in folder.bindings:
            if binding.id in bindings:
                raise _invalid(folder.path, f'two bindings are called "{binding.id}"')
            bindings[binding.id] = binding
    return {name: _with_needs(binding, bindings) for name, binding in bindings.items()}


def _with_needs(binding: Binding, bindings: Mapping[str, Binding]) -> Binding:
    """Return it with the tools and the builds of all that it needs, directly or not."""
    tools, needed, visited = dict.fromkeys(binding.tools), list(binding.needs), {binding.id}
    before: list[tuple[Path, tuple[str, ...]]] = []
    for name in needed:  # grows
        if name not in bindings:
            raise _invalid(binding.folder, f'"{binding.id}" needs "{name}", which is not there')
        if name not in visited:
            visited.add(name)
            tools |= dict.fromkeys(bindings[name].tools)
            before.insert(0, (bindings[name].folder, bindings[name].build))
            needed += bindings[name].needs
    return dataclasses.replace(binding, tools=tuple(tools), before=tuple(before))


def _read(file: Path, python: str) -> Folder:
    path = file.parent.resolve()
    values = {
        "{root}": str(paths.repo_root()),
        "{build}": str(paths.build_dir()),
        "{folder}": str(path),
        "{python}": python,
    }

    def fill(command: Sequence[str]) -> tuple[str, ...]:
        filled = list(command)
        for placeholder, value in values.items():
            filled = [part.replace(placeholder, value) for part in filled]
        return tuple(filled)

    try:
        tables = tomllib.loads(file.read_text())
        tools = {entry["name"]: tool.read(entry, fill) for entry in tables.pop("tool", ())}
        entries = tables.pop("binding")
        bindings = tuple(_binding(path, entry, tools, fill) for entry in entries)
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise _invalid(path, f"{type(error).__name__}: {error}") from error
    if tables:
        raise _invalid(path, f"unknown: {', '.join(tables)}")
    return Folder(path, bindings, tuple(tools.values()))


def _binding(
    folder: Path,
    table: dict[str, Any],
    tools: Mapping[str, Tool],
    fill: Callable[[Sequence[str]], tuple[str, ...]],
) -> Binding:
    commands = {key: fill(table[key]) for key in _FILLED if key in table}
    # Without a list: all that is not for tests or lint alone.
    names = table.get("tools", [name for name, entry in tools.items() if not entry.purpose])
    chosen = {"tools": tuple(tools[name] for name in names), "needs": tuple(table.get("needs", ()))}
    code = {"code": Path(*fill([table["code"]]))} if "code" in table else {}
    snippet = {"snippet": _snippet(table["snippet"], fill)} if "snippet" in table else {}
    return Binding(folder=folder, **(table | commands | chosen | code | snippet))


def _snippet(table: dict[str, Any], fill: Callable[[Sequence[str]], tuple[str, ...]]) -> Snippet:
    lists = {key: tuple(table.get(key, ())) for key in ("setup", "build")}
    (template,) = fill([table["template"]])
    return Snippet(**(table | lists | {"template": Path(template)}))


def _invalid(folder: Path, message: str) -> SteleError:
    return SteleError(Code.INVALID_ARGUMENT, f"{folder / 'binding.toml'}: {message}")


def from_arguments(parser: argparse.ArgumentParser, names: Sequence[str]) -> list[Binding]:
    """Return the bindings named on a command line; an unknown one ends it with usage.

    Raises:
        SteleError: As `discover`.
    """
    try:
        return select(names)
    except LookupError as error:
        parser.error(str(error))


def one_from_arguments(parser: argparse.ArgumentParser, name: str) -> Binding:
    """Return the one binding that a command line is to name; anything else ends it with usage.

    Raises:
        SteleError: As `discover`.
    """
    named = from_arguments(parser, [name])
    if len(named) != 1:
        parser.error("one --binding is wanted")
    return named[0]


def select(names: Sequence[str]) -> list[Binding]:
    """Return the bindings asked for; all but the comparators when none is named.

    Raises:
        LookupError: An unknown id, naming the known ones.
        SteleError: As `discover`.
    """
    bindings = discover()
    wanted = [name for text in names for name in text.split(",") if name]
    for name in wanted:
        if name not in bindings:
            raise LookupError(f'no binding "{name}"; there are {", ".join(bindings)}')
    if wanted:
        return [bindings[name] for name in bindings if name in wanted]
    return [binding for binding in bindings.values() if not binding.comparator]
