"""What is installed, what is missing, and how to install it.

This is what one asks when set-up has failed, so it needs nothing but Python's standard
library, and takes the very interpreter that would make the venv.
"""

from __future__ import annotations

import dataclasses
import platform
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stele import paths
from stele.contract.codes import SteleError
from stele.parity import tool as tools
from stele.parity.tool import Tool

if TYPE_CHECKING:
    from stele.parity.binding import Binding, Folder

# What TensorFlow 2.21 has wheels for, and this package supports.
_PYTHONS = ((3, 11), (3, 13))

# A venv with TensorFlow is 2 GB; models, builds of all languages and caches follow.
_DISK_BYTES = 4_000_000_000
_DISK_BYTES_WHEN_SET_UP = 1_000_000_000

# What set-up needs, whatever the bindings; these have their own in `binding.toml`.
_MAKE = Tool(
    "make",
    ("make", "--version"),
    apt="make",
    dnf="make",
    brew="make",
    purpose="everything",
    required=True,
)
# ensurepip is a part of Python that Debian packages apart.
_VENV = Tool(
    "venv",
    (sys.executable, "-m", "ensurepip", "--version"),
    apt="python3-venv",
    purpose="everything",
    required=True,
)


@dataclass(frozen=True)
class Finding:
    """What was found out about one thing.

    Attributes:
        name: The thing.
        state: ``ok``, ``missing``, or ``later`` for what set-up will install.
        detail: Its version, or what is wrong.
        purpose: What it is for.
        required: Whether `make demo` and `make test` cannot do without it.
        tool: What installs it, if anything does.
    """

    name: str
    state: str
    detail: str
    purpose: str
    required: bool = True
    tool: Tool | None = None


@dataclass(frozen=True)
class BindingFinding:
    """Whether a binding can be built and run here.

    Attributes:
        id: The binding.
        language: For people.
        state: ``ok``, ``missing``, or ``later`` for what set-up will install.
        detail: What is missing and how to install it; empty when nothing is.
    """

    id: str
    language: str
    state: str
    detail: str


@dataclass(frozen=True)
class Diagnosis:
    """All that was found."""

    findings: tuple[Finding, ...]
    bindings: tuple[BindingFinding, ...]

    @property
    def ready(self) -> bool:
        """Whether `make demo` and `make test` can run."""
        return not any(entry.required for entry in self.missing)

    @property
    def missing(self) -> tuple[Finding, ...]:
        """What is missing, required or not."""
        return tuple(entry for entry in self.findings if entry.state == "missing")

    def tools(self, *, optional: bool) -> list[Tool]:
        """Return the tools that are missing: all, or those that are required."""
        return [
            entry.tool
            for entry in self.missing
            if entry.tool is not None and (optional or entry.required)
        ]


def diagnose() -> Diagnosis:
    """Look for everything; takes seconds, for it runs every tool."""
    try:
        root: Path | None = paths.repo_root()
    except SteleError:
        root = None
    venv = None if root is None else root / ".venv" / "bin" / "python"
    python = str(venv) if venv is not None and venv.exists() else sys.executable
    needs: tuple[Finding, ...] = ()
    bindings: tuple[BindingFinding, ...] = ()
    if root is not None:
        needs, bindings = _bindings(python)
    findings = (
        _python(),
        look_for(_VENV),
        _checkout(root),
        _disk(root, set_up=python != sys.executable),
        look_for(_MAKE),
        *needs,
    )
    return Diagnosis(findings, bindings)


def _python() -> Finding:
    low, high = (".".join(map(str, version)) for version in _PYTHONS)
    detail = f"{platform.python_version()} ({sys.executable})"
    if not _PYTHONS[0] <= sys.version_info[:2] <= _PYTHONS[1]:
        detail = f"{detail}: {low} to {high} needed; name one with make PYTHON3=…"
        return Finding("Python", "missing", detail, "everything")
    return Finding("Python", "ok", detail, "everything")


def _checkout(root: Path | None) -> Finding:
    if root is None:
        return Finding("checkout", "missing", "run this inside of stele's", "make demo, make test")
    return Finding("checkout", "ok", str(root), "make demo, make test")


def _disk(root: Path | None, *, set_up: bool) -> Finding:
    needed = _DISK_BYTES_WHEN_SET_UP if set_up else _DISK_BYTES
    free = shutil.disk_usage(root or Path.cwd()).free
    detail = f"{free / 1e9:.1f} GB free, {needed / 1e9:.0f} GB needed"
    return Finding("disk", "ok" if free >= needed else "missing", detail, "TensorFlow, builds")


def look_for(tool: Tool, purpose: str = "") -> Finding:
    """Look for one tool."""
    probe = tools.probe(tool)
    state, detail = "ok" if probe.ok else "missing", probe.detail
    if tool.pip and not probe.ok:
        state, detail = "later", f"{detail}; make demo installs it"
    return Finding(tool.name, state, detail, purpose or tool.purpose, tool.required, tool)


def _bindings(python: str) -> tuple[tuple[Finding, ...], tuple[BindingFinding, ...]]:
    """Look for what the bindings need, and say which of them that leaves out."""
    try:
        # tomllib is new in Python 3.11: an older one still gets the other findings.
        from stele.parity import binding
    except ImportError:
        return (), ()
    try:
        found = binding.folders(python=python)
        bindings = binding.discover(python=python).values()
    except SteleError as error:
        return (), (BindingFinding("", "", "missing", error.message),)
    return tuple(_tools(found)), tuple(map(_binding, bindings))


def _tools(folders: Sequence[Folder]) -> Iterator[Finding]:
    """Look once for a tool that several folders have, and say for which it is."""
    users: dict[Tool, list[str]] = {}
    for folder in folders:
        for tool in folder.tools:
            alone = dataclasses.replace(tool, purpose="", required=False)
            users.setdefault(alone, []).append(tool.purpose or folder.path.name)
    needed = {tool.command for folder in folders for tool in folder.tools if tool.required}
    for tool, names in users.items():
        required = tool.command in needed
        yield look_for(dataclasses.replace(tool, required=required), ", ".join(names))


def _binding(binding: Binding) -> BindingFinding:
    missing = [tool for tool in binding.tools if not tools.probe(tool).ok]
    state, detail = "ok", ""
    if binding.reason:
        state, detail = "missing", binding.reason
    elif missing and all(tool.pip for tool in missing):
        state, detail = "later", "make demo installs it"
    elif missing:
        names = ", ".join(tool.name for tool in missing)
        state, detail = "missing", f"{names}; install with: {tools.remedy(missing)}"
    return BindingFinding(binding.id, binding.language, state, detail)
