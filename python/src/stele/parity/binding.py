"""Bindings: what ``bindings/*/binding.toml`` says about each of them."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from stele import paths
from stele.contract.codes import Code, SteleError
from stele.libtensorflow import wheel

_building = threading.Lock()


class SetupError(Exception):
    """A binding that cannot run on this machine: a toolchain missing, a failed build."""


@dataclass(frozen=True)
class Binding:
    """One way to run a SavedModel from one language; the axis of every table.

    Attributes:
        id: Its name, such as ``python-tf``.
        folder: Where its ``binding.toml`` is.
        language: For people.
        summary: One line for tables.
        level: The protocol level that it claims, 1 to 5.
        run: The worker's command.
        build: The command that builds it; empty when nothing is to be built.
        toolchain: Commands that must all run and exit with 0.
        install: The one command that installs the toolchain.
        example: The command of the digits example; ``{model}`` is left in it.
        upstream: Whose API it stands on.
        licence: SPDX.
        comparator: Whether it is somebody else's client, kept for comparison.
        reason: Why it cannot run at all, if so.
    """

    id: str
    folder: Path
    language: str
    summary: str
    level: int
    run: tuple[str, ...]
    build: tuple[str, ...] = ()
    toolchain: tuple[tuple[str, ...], ...] = ()
    install: str = ""
    example: tuple[str, ...] = ()
    upstream: str = ""
    licence: str = ""
    comparator: bool = False
    reason: str = ""

    def require(self) -> None:
        """See that the worker can be started, and that it is built from today's sources.

        Raises:
            SetupError: Saying what to install, or how the build ended.
        """
        self.require_toolchain()
        if self.build:
            # Two bindings may have one build command, and run at once.
            with _building:
                _build(self.build)

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
        for command in self.toolchain:
            if not _succeeds(command):
                tool = Path(command[0]).name
                if tool.startswith("python"):
                    tool = "its Python packages"
                raise SetupError(f"not installed: {tool}; install with: {self.install}")


@cache
def _build(command: tuple[str, ...]) -> None:
    """Run a build, once in a process: it is make's to know that there is nothing to do.

    Raises:
        SetupError: With the end of the build's output.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise SetupError(f"build failed ({' '.join(command)}):\n{tail}")


def _succeeds(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def discover(folder: Path | None = None) -> dict[str, Binding]:
    """Return every binding by id, Python's chain of custody first, then by name.

    Raises:
        SteleError: INVALID_ARGUMENT for a binding.toml that does not fit.
    """
    root = folder or paths.bindings_dir()
    found: dict[str, Binding] = {}
    files = sorted(
        root.glob("*/binding.toml"), key=lambda file: (file.parent.name != "python", file)
    )
    for file in files:
        for binding in read(file):
            if binding.id in found:
                raise SteleError(Code.INVALID_ARGUMENT, f'two bindings "{binding.id}" ({file})')
            found[binding.id] = binding
    return found


def read(file: Path) -> list[Binding]:
    """Read one ``binding.toml``.

    Raises:
        SteleError: INVALID_ARGUMENT, naming the file and the key.
    """
    try:
        tables = tomllib.loads(file.read_text())["binding"]
        return [_binding(file.parent.resolve(), table) for table in tables]
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise SteleError(
            Code.INVALID_ARGUMENT, f"{file}: {type(error).__name__}: {error}"
        ) from error


def _binding(folder: Path, table: dict[str, Any]) -> Binding:
    values = {
        "{root}": str(folder.parent.parent),
        "{build}": str(paths.build_dir()),
        "{folder}": str(folder),
        "{python}": sys.executable,
    }

    def fill(command: Sequence[str]) -> tuple[str, ...]:
        filled = list(command)
        for placeholder, value in values.items():
            filled = [part.replace(placeholder, value) for part in filled]
        return tuple(filled)

    filled: dict[str, Any] = {
        key: fill(table[key]) for key in ("run", "build", "example") if key in table
    }
    filled["toolchain"] = tuple(fill(command) for command in table.get("toolchain", ()))
    return Binding(folder=folder, **(table | filled))


def from_arguments(parser: argparse.ArgumentParser, names: Sequence[str]) -> list[Binding]:
    """Return the bindings named on a command line; an unknown one ends it with usage.

    Raises:
        SteleError: As `discover`.
    """
    try:
        return select(names)
    except LookupError as error:
        parser.error(str(error))


def select(names: Sequence[str]) -> list[Binding]:
    """Return the bindings asked for; all but the comparators when none is named.

    Raises:
        LookupError: An unknown id, naming those there.
        SteleError: As `discover`.
    """
    there = discover()
    wanted = [name for text in names for name in text.split(",") if name]
    for name in wanted:
        if name not in there:
            raise LookupError(f'no binding "{name}"; there are {", ".join(there)}')
    if wanted:
        return [there[name] for name in there if name in wanted]
    return [binding for binding in there.values() if not binding.comparator]
