"""``stele doctor``: what is installed, what is missing, and how to install it.

This is what one runs when set-up has failed, so it needs nothing but Python's
standard library (``PYTHONPATH=python/src python3 -m stele.commands.doctor``) and takes the
very interpreter that would make the venv.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stele import paths
from stele.contract.codes import SteleError
from stele.libtensorflow.wheel import find_wheel

# Exit status.
MISSING = 3

_READY = "Ready for make demo and make test."

# What TensorFlow 2.21 has wheels for, and this package supports.
_PYTHONS = ((3, 11), (3, 13))

# A venv with TensorFlow is 2 GB; models, builds of all languages and caches follow.
_DISK_BYTES = 4_000_000_000
_DISK_BYTES_WHEN_SET_UP = 1_000_000_000


@dataclass(frozen=True)
class Tool:
    """A program or a library that something here is built or run with.

    Attributes:
        name: For people.
        purpose: What for.
        command: Prints its version and exits with 0 when it is there and works.
        apt: Debian's and Ubuntu's packages, without what they recommend.
        dnf: Fedora's.
        brew: Homebrew's.
        hint: What to do where no package manager is good enough.
        stdin: For the command.
        minimum: The oldest version that will do.
        required: Whether `make demo` or `make test` needs it; else a binding is
            grey, or a target is missing.
    """

    name: str
    purpose: str
    command: tuple[str, ...]
    apt: str = ""
    dnf: str = ""
    brew: str = ""
    hint: str = ""
    stdin: str = ""
    minimum: tuple[int, ...] = ()
    required: bool = True


_XCODE = "xcode-select --install" if sys.platform == "darwin" else ""
_FUZZ_TARGET = "int LLVMFuzzerTestOneInput(const char *d, long n) { return 0 && d && n; }"

# The one place that maps tools to packages.
TOOLS = (
    Tool("make", "everything", ("make", "--version"), "make", "make", hint=_XCODE),
    Tool("C compiler", "binding c", ("cc", "--version"), "gcc libc6-dev", "gcc", hint=_XCODE),
    Tool("C++ compiler", "tests of c", ("c++", "--version"), "g++", "gcc-c++", hint=_XCODE),
    Tool(
        "pkg-config",
        "binding c",
        ("pkg-config", "--version"),
        "pkg-config",
        "pkgconf-pkg-config",
        "pkgconf",
    ),
    Tool(
        "protobuf-c",
        "binding c",
        ("pkg-config", "--modversion", "libprotobuf-c"),
        "libprotobuf-c-dev",
        "protobuf-c-devel",
        "protobuf-c",
    ),
    Tool(
        "protoc-c",
        "binding c",
        ("protoc-c", "--version"),
        "protobuf-c-compiler",
        "protobuf-c-compiler",
        "protobuf-c",
    ),
    Tool("clang", "fuzzing c", ("clang", "--version"), "clang", "clang", "llvm"),
    # Linking is the only test that holds for every layout of clang's folders.
    Tool(
        "libFuzzer, ASan",
        "fuzzing c",
        ("clang", "-fsanitize=fuzzer,address", "-x", "c", "-", "-o", os.devnull),
        "clang libclang-rt-dev",
        "compiler-rt",
        "llvm",
        stdin=_FUZZ_TARGET,
    ),
    Tool(
        "clang-format",
        "make lint",
        ("clang-format", "--version"),
        "clang-format",
        "clang-tools-extra",
        "clang-format",
        required=False,
    ),
    Tool(
        "rustc",
        "binding rust",
        ("rustc", "--version"),
        dnf="rust",
        brew="rust",
        hint="https://rustup.rs",
        minimum=(1, 88),
        required=False,
    ),
    Tool(
        "cargo",
        "binding rust",
        ("cargo", "--version"),
        dnf="cargo",
        brew="rust",
        hint="https://rustup.rs",
        minimum=(1, 88),
        required=False,
    ),
    Tool(
        "node",
        "binding js",
        ("node", "--version"),
        dnf="nodejs",
        brew="node",
        hint="https://nodejs.org",
        minimum=(20,),
        required=False,
    ),
    Tool(
        "npm",
        "binding js",
        ("npm", "--version"),
        dnf="nodejs-npm",
        brew="node",
        hint="https://nodejs.org",
        required=False,
    ),
    Tool(
        "Chromium",
        "the browser, js-browser-*",
        ("chromium", "--version"),
        "chromium",
        "chromium",
        "chromium",
        required=False,
    ),
)

# ensurepip is a part of Python that Debian packages apart.
_VENV = Tool("venv", "everything", (sys.executable, "-m", "ensurepip", "--version"), "python3-venv")

# Package manager to the command that installs.
_MANAGERS = {
    "apt": ("apt-get", "apt-get install -y --no-install-recommends"),
    "dnf": ("dnf", "dnf install -y"),
    "brew": ("brew", "brew install"),
}


@dataclass(frozen=True)
class Finding:
    """What was found out about one thing.

    Attributes:
        name: The thing.
        state: ``ok``, ``missing``, or ``later`` for what set-up will install.
        detail: Its version, or what is wrong.
        purpose: What it is for.
        required: Whether the README's two commands need it.
        tool: What installs it, if a package does.
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

    def packages(self, manager: str, *, optional: bool) -> list[str]:
        """Return the packages that are missing, by a package manager's names for them."""
        found = [
            name
            for entry in self.missing
            if entry.tool is not None and (optional or entry.required)
            for name in getattr(entry.tool, manager).split()
        ]
        return list(dict.fromkeys(found))


def diagnose() -> Diagnosis:
    """Look for everything; takes about a second."""
    try:
        root: Path | None = paths.repo_root()
    except SteleError:
        root = None
    venv = None if root is None else root / ".venv" / "bin" / "python"
    python = str(venv) if venv is not None and venv.exists() else sys.executable
    findings = [
        _python(),
        _tool(_VENV),
        _checkout(root),
        _disk(root, set_up=python != sys.executable),
        *(_tool(tool) for tool in TOOLS),
        *_packages(python),
    ]
    return Diagnosis(tuple(findings), tuple(_bindings(python) if root is not None else ()))


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


def _tool(tool: Tool) -> Finding:
    def found(state: str, detail: str) -> Finding:
        return Finding(tool.name, state, detail, tool.purpose, tool.required, tool)

    if shutil.which(tool.command[0]) is None:
        return found("missing", f"no {tool.command[0]}")
    try:
        done = subprocess.run(
            tool.command,
            input=tool.stdin,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=60,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return found("missing", f"{tool.command[0]} does not run: {error}")
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        return found("missing", lines[-1] if lines else f"exit status {done.returncode}")
    match = re.search(r"\d+(\.\d+)+", done.stdout)
    if match is None:
        return found("ok", "works")
    version = match[0]
    if tuple(map(int, version.split("."))) < tool.minimum:
        oldest = ".".join(map(str, tool.minimum))
        return found("missing", f"{version}: {oldest} or later needed")
    return found("ok", version)


def _packages(python: str) -> Iterator[Finding]:
    """Look for Python packages that set-up installs, without importing them."""
    try:
        wheel = find_wheel(python)
        detail = f"{wheel.version} ({wheel.distribution})"
        yield Finding("TensorFlow", "ok", detail, "all bindings")
    except SteleError as error:
        detail = f"{error.message.split(';')[0]}; make demo installs it"
        yield Finding("TensorFlow", "later", detail, "all bindings")
    keras = _run([python, "-c", "import importlib.metadata as m; print(m.version('keras'))"])
    if keras is None:
        yield Finding("Keras", "later", "make demo installs it", "training the zoo")
    else:
        yield Finding("Keras", "ok", keras, "training the zoo")


def _run(command: Sequence[str]) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _bindings(python: str) -> Iterator[BindingFinding]:
    try:
        # tomllib is new in Python 3.11: an older one still gets the other findings.
        from stele.parity import binding
    except ImportError:
        return
    try:
        there = binding.discover().values()
    except SteleError as error:
        yield BindingFinding("", "", "missing", error.message)
        return
    for entry in there:
        # Their Python is the venv's, also when this one is not.
        commands = tuple(
            tuple(python if part == sys.executable else part for part in command)
            for command in entry.toolchain
        )
        state, detail = "ok", ""
        try:
            dataclasses.replace(entry, toolchain=commands).require_toolchain()
        except binding.SetupError as error:
            state, detail = "missing", str(error)
            if any(command[0] == python for command in commands):
                state, detail = "later", "make demo installs it"
        yield BindingFinding(entry.id, entry.language, state, detail)


def install_command(diagnosis: Diagnosis) -> str:
    """Return the one command that installs all that a package manager can; or nothing."""
    for manager, (program, command) in _MANAGERS.items():
        if shutil.which(program):
            names = diagnosis.packages(manager, optional=True)
            sudo = "" if manager == "brew" or os.geteuid() == 0 else "sudo "
            return f"{sudo}{command} {' '.join(names)}" if names else ""
    names = [entry.name for entry in diagnosis.missing if entry.tool is not None]
    return f"with your package manager: {', '.join(names)}" if names else ""


def _hints(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield what to do about things that the package manager here has not, or too old."""
    manager = next((name for name, (program, _) in _MANAGERS.items() if shutil.which(program)), "")
    hints: dict[str, list[str]] = {}
    for entry in diagnosis.missing:
        if entry.tool is not None and entry.tool.hint and not getattr(entry.tool, manager, ""):
            hints.setdefault(entry.tool.hint, []).append(entry.name)
    return (f"{', '.join(names)}: {hint}" for hint, names in hints.items())


def _text(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield the lines that show what was found, and what to do about it."""
    yield from _table(
        ("", "what", "for", "found"),
        [(entry.state, entry.name, entry.purpose, entry.detail) for entry in diagnosis.findings],
    )
    if diagnosis.bindings:
        yield ""
        yield from _table(
            ("", "binding", "language", ""),
            [(entry.state, entry.id, entry.language, entry.detail) for entry in diagnosis.bindings],
        )
    command = install_command(diagnosis)
    if command:
        yield from ("", f"Install what is missing: {command}")
    for hint in _hints(diagnosis):
        yield from ("", f"Install {hint}")
    needed = ", ".join(entry.name for entry in diagnosis.missing if entry.required)
    verdict = f"Not ready for make demo and make test: {needed}." if needed else _READY
    yield from ("", verdict)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    columns = range(len(header))
    widths = [max(len(row[column]) for row in (header, *rows)) for column in columns]
    for row in (header, *rows):
        yield "  ".join(map(str.ljust, row, widths)).rstrip()


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``stele doctor``."""
    parser = subparsers.add_parser(
        "doctor", help="what is installed, what is missing, how to install it"
    )
    _options(parser)


def _options(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Show the toolchains and libraries that are here, what is missing, which bindings that "
        "leaves out, and the one command that installs it."
    )
    parser.epilog = (
        f"exit status: 0 when make demo and make test can run, {MISSING} when they cannot"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="everything, as JSON")
    form.add_argument(
        "--apt",
        action="store_true",
        help="only the Debian packages that make demo and make test miss, one per line",
    )
    parser.add_argument("--all", action="store_true", help="with --apt: the optional ones too")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the diagnosis."""
    diagnosis = diagnose()
    if args.apt:
        lines: Iterable[str] = diagnosis.packages("apt", optional=args.all)
    elif args.json:
        lines = [json.dumps(_json(diagnosis), indent=2, ensure_ascii=False)]
    else:
        lines = _text(diagnosis)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    # A list of packages that could be made is a success, however long it is.
    return 0 if args.apt or diagnosis.ready else MISSING


def _json(diagnosis: Diagnosis) -> dict[str, object]:
    return {
        "ready": diagnosis.ready,
        "install": install_command(diagnosis),
        "findings": [
            {
                "name": entry.name,
                "state": entry.state,
                "detail": entry.detail,
                "purpose": entry.purpose,
                "required": entry.required,
            }
            for entry in diagnosis.findings
        ],
        "bindings": [dataclasses.asdict(entry) for entry in diagnosis.bindings],
    }


if __name__ == "__main__":
    alone = argparse.ArgumentParser(prog="stele doctor")
    _options(alone)
    sys.exit(run(alone.parse_args()))
