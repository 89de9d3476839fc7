"""Tools: the programs, libraries and packages that bindings are built, run and tested with.

They are the ``[[tool]]`` tables of each ``binding.toml``; `stele doctor`, the harness and
make all look for them here. It needs nothing but Python's standard library.
"""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

# Package manager to the program that says it is here, and the command that installs.
MANAGERS = {
    "apt": ("apt-get", "apt-get install -y --no-install-recommends"),
    "dnf": ("dnf", "dnf install -y"),
    "brew": ("brew", "brew install"),
}

_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Tool:
    """Something that has to be installed.

    Attributes:
        name: For people; a binding's ``tools`` names it by this.
        command: Exits with 0 when it is there and works; prints its version, if it has one.
        minimum: The oldest version that will do, such as ``1.88``; empty when any does.
        stdin: For the command.
        apt: Debian's and Ubuntu's packages, separated by spaces, without what they recommend.
        dnf: Fedora's.
        brew: Homebrew's.
        pip: Python's, for the environment that runs ``stele``; set-up installs them.
        install: A command or an address, for where no package manager has it.
        purpose: What it is for, when no binding needs it to be built or run: tests, lint.
        required: Whether `make demo` and `make test` cannot do without it; otherwise what
            needs it is grey.
    """

    name: str
    command: tuple[str, ...]
    minimum: str = ""
    stdin: str = ""
    apt: str = ""
    dnf: str = ""
    brew: str = ""
    pip: str = ""
    install: str = ""
    purpose: str = ""
    required: bool = False

    def packages(self, manager: str) -> list[str]:
        """Return what one of `MANAGERS` calls it; empty when it has none."""
        names: str = getattr(self, manager)
        return names.split()


@dataclass(frozen=True)
class Probe:
    """What came of looking for a tool: whether it will do, and its version or what is wrong."""

    ok: bool
    detail: str


def read(table: Mapping[str, Any], fill: Callable[[Sequence[str]], tuple[str, ...]]) -> Tool:
    """Read one ``[[tool]]`` table, with the placeholders of its command filled in.

    Raises:
        TypeError: A key that is missing or unknown.
    """
    tool = Tool(**table)
    return dataclasses.replace(tool, command=fill(tool.command))


def manager() -> str:
    """Return the package manager of this machine; empty when it is none of `MANAGERS`."""
    return next((name for name, (program, _) in MANAGERS.items() if shutil.which(program)), "")


def install_command(tools: Iterable[Tool]) -> str:
    """Return the one command that installs all that the package manager here has; or nothing."""
    here = manager()
    names = dict.fromkeys(name for tool in tools if here for name in tool.packages(here))
    if not names:
        return ""
    sudo = "" if here == "brew" or os.geteuid() == 0 else "sudo "
    return f"{sudo}{MANAGERS[here][1]} {' '.join(names)}"


def remedy(tools: Collection[Tool]) -> str:
    """Return how to install tools on this machine: commands and addresses."""
    here = manager()
    parts = [install_command(tools)]
    for tool in tools:
        if tool.pip:
            parts.append(f"pip install {tool.pip}")
        elif not here or not tool.packages(here):
            parts.append(tool.install or f"your package manager ({tool.name})")
    return ", ".join(dict.fromkeys(filter(None, parts)))


@cache
def probe(tool: Tool) -> Probe:
    """Look for a tool, once in a process."""
    program = tool.command[0]
    if shutil.which(program) is None:
        return Probe(ok=False, detail=f"no {Path(program).name}")
    try:
        done = subprocess.run(
            tool.command,
            input=tool.stdin,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=_TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Probe(ok=False, detail=f"{program} does not run: {error}")
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        return Probe(ok=False, detail=lines[-1] if lines else f"exit status {done.returncode}")
    version = _version(done.stdout) or _version(done.stderr)
    if _numbers(version) < _numbers(tool.minimum):
        return Probe(ok=False, detail=f"{version or 'no version'}: {tool.minimum} or later needed")
    return Probe(ok=True, detail=version or "works")


def _version(text: str) -> str:
    """Return the first number with a dot in it, or the only number that there is."""
    match = re.search(r"\d+(\.\d+)+", text) or re.fullmatch(r"\s*v?(\d+)\s*", text)
    return match[0].strip() if match else ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))
