"""The program that `stele snippet` writes for a model, built and run in every language.

A binding has one folder outside of the checkout, in which its commands are typed as they
stand in the program, and one test: what takes time is the toolchain's start.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from stele import paths, zoo
from stele.contract.bundle import RawTensor, write_bundle
from stele.contract.dtypes import DType
from stele.contract.printable import printable
from stele.convert import conversion
from stele.convert.formats import FORMATS
from stele.convert.request import Request
from stele.keras_model import file as keras_file
from stele.parity import case as cases
from stele.parity import judge
from stele.parity.binding import Binding, discover
from stele.parity.case import Case, Target
from stele.parity.conversation import Answer, Conversation
from stele.remote import launch
from stele.snippet import program
from stele.snippet.program import Program
from tests.conftest import claimed, needing_tools

# The model of dtypes has no serving_default: every dtype, then names and ranks that are odd.
SIGNATURES = {"dtypes": ("matrices", "mixed")}
PROGRAMS = [(name, s) for name in zoo.DEFAULT for s in SIGNATURES.get(name, ("serving_default",))]

# What a program prints is the same however long its compiler thinks. Crates that the
# checkout's build has compiled with the same features are not compiled again.
QUICK = {
    "CARGO_TARGET_DIR": str(paths.build_dir() / "rust"),
    "CARGO_PROFILE_RELEASE_STRIP": "debuginfo",
    "CRYSTAL_OPTS": "--no-debug",
    "GOFLAGS": "-ldflags=-w",
    "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}

# Those that the checkout has with other features, for its server's sake, or not at all: what
# is missing here is compiled for longer, and as right.
OTHER_CRATES = (
    "h2", "hyper", "hyper-timeout", "hyper-util", "num-complex", "num-traits", "program",
    "tf-stele", "tokio", "tokio-stream", "tokio-util", "tonic", "tonic-prost", "tower",
)  # fmt: skip
QUICK_CARGO = "".join(f"[profile.release.package.{one}]\nopt-level = 0\n" for one in OTHER_CRATES)

# To import TensorFlow takes longer than all programs together: once for all of a binding.
IN_ONE_PROCESS = """
import contextlib, runpy, sys
for number, model in enumerate(list(sys.argv[1:])):
    sys.argv[1] = model
    with open(f"{number}.printed", "w") as file, contextlib.redirect_stdout(file):
        runpy.run_path(f"{number}.text", run_name="__main__")
"""

NUMBERS = {"true": 1, "false": 0}


def with_snippet() -> list[Binding]:
    return [binding for binding in claimed().values() if binding.snippet]


@cache
def written(binding: str) -> dict[tuple[str, str], Program]:
    """Return the programs by model and signature, but of those that the binding cannot run."""
    found = discover()[binding]
    return {
        (model, signature): program.write(cases.find(model), found, signature)
        for model, signature in PROGRAMS
        if _has(found, cases.find(model), signature)
    }


def _has(binding: Binding, target: Target, signature: str) -> bool:
    """Tell whether a binding has what the program runs: it may be no SavedModel."""
    if binding.id == "python-keras":
        return keras_file.beside(target.folder) is not None
    request = conversion_of(binding, target)
    if request is None:
        return True
    # To convert a model takes longer than to run it in all languages.
    if target.name not in zoo.BASIC:
        return False
    _, manifest = conversion.convert(request)
    entry = manifest["signatures"][signature]
    needed = {tensor["dtype"] for tensor in (*entry["inputs"], *entry["outputs"])}
    return not entry["problem"] and needed <= dtypes_of(binding.id)


def conversion_of(binding: Binding, target: Target) -> Request | None:
    """Return the conversion that a program's commands begin with, if they do."""
    assert binding.snippet
    for command in map(shlex.split, binding.snippet.build):
        if command[:2] == ["stele", "convert"]:
            batch = command[command.index("--batch") + 1] if "--batch" in command else None
            to = FORMATS[command[command.index("--to") + 1]]
            return Request(target, to, batch=None if batch is None else int(batch))
    return None


@cache
def dtypes_of(binding: str) -> set[str]:
    """Return the dtypes that a binding takes and gives, as its worker says."""
    with TemporaryDirectory() as folder:
        conversation = Conversation(discover()[binding], Path(folder))
        try:
            conversation.open(cases.find("digits"))
            return set(conversation.hello["dtypes"].split(","))
        finally:
            conversation.stop()


Answers = Mapping[tuple[str, str], dict[str, RawTensor]]


@pytest.fixture(scope="module")
def references(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answers]:
    """Return what Python's TensorFlow answers to the same inputs, by execution path."""
    folder = tmp_path_factory.mktemp("references")
    bindings = {"function": "python-tf", "session": "python-session"}
    return {path: _answers(folder / binding, binding) for path, binding in bindings.items()}


def _answers(folder: Path, binding: str) -> Answers:
    found = {}
    conversation = Conversation(discover()[binding], folder)
    try:
        for number, ((model, signature), one) in enumerate(written("python-tf").items()):
            write_bundle(folder / str(number), one.inputs)
            conversation.open(cases.find(model))
            answer = conversation.run(Case(signature, signature, folder / str(number)))
            assert answer.outputs, answer
            found[model, signature] = answer.outputs
    finally:
        conversation.stop()
    return found


@pytest.fixture
def server() -> Iterator[str]:
    """Serve all models, as the programs of remote bindings have it; return where.

    Each binding has a server of its own: what a model that counts answers is up to who came before.
    """
    models = [f"{name}={cases.find(name).folder}" for name in zoo.DEFAULT]
    command = [sys.executable, "-m", "stele.cli", "serve", "--port", "0"]
    started = launch.start([*command, "--stop-with-stdin", "--json", *models])
    try:
        yield started.address
    finally:
        os.close(started.lifeline)
        started.process.wait(timeout=60)


def together(programs: list[Program], runs: list[str]) -> list[str]:
    """Return the commands that build all programs at once, in a folder for each, and run them."""
    file, build = programs[0].file, programs[0].commands.build
    files = " ".join(f"{number}/{file}" for number in range(len(programs)))
    copies = [f"mkdir {n} && cp {n}.text {n}/{file}" for n in range(len(programs))]
    started = [f"(cd {number} && {run}) > {number}.printed" for number, run in enumerate(runs)]
    return [*copies, *(command.replace(file, files) for command in build), *started]


def typed(binding: Binding, folder: Path, address: str) -> None:
    """Type the commands of all programs in one folder, and keep what each prints.

    Args:
        binding: Whose programs.
        folder: To type in.
        address: Of the server that has the models, in place of one of their own.
    """
    assert binding.snippet
    programs = list(written(binding.id).values())
    first = programs[0]
    (folder / first.file).parent.mkdir(exist_ok=True)
    for number, one in enumerate(programs):
        (folder / f"{number}.text").write_text(one.text, encoding="utf-8")
    (folder / first.file).write_text(first.text, encoding="utf-8")
    if first.file == "src/main.rs":
        (folder / ".cargo").mkdir()
        (folder / ".cargo" / "config.toml").write_text(QUICK_CARGO)
    lines = list(first.commands.setup)
    runs = [one.commands.run.replace("127.0.0.1:8500", address) for one in programs]
    if any("{program}" in command for command in binding.snippet.build):
        lines += together(programs, runs)
    else:
        for number, one in enumerate(programs):
            lines += [f"cp {number}.text {one.file}", *one.commands.build]
            lines += [f"{runs[number]} > {number}.printed"]
    if "python:tensorflow" in binding.installs:
        (folder / "all.py").write_text(IN_ONE_PROCESS)
        models = [shlex.split(run)[-1] for run in runs]
        lines = [shlex.join([sys.executable, "all.py", *models])]
    (folder / "commands").write_text("\n".join(lines), encoding="utf-8")
    # Nothing of the make that runs the tests is the user's, and a program prints names.
    mine = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{mine['PATH']}"
    environment = mine | binding.environment() | QUICK | {"LC_ALL": "C.UTF-8", "PATH": path}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "commands"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]


def read(line: str, name: str, dtype: DType) -> RawTensor:
    """Read the line of an output: its name, dtype, shape and elements."""
    start = f"{printable(name)} {dtype.name} ["
    assert line.startswith(start), (start, line)
    shape, _, rest = line.removeprefix(start).partition("]")
    dims = tuple(int(dim) for dim in shape.split(",") if dim)
    if dtype.name == "BYTES":
        elements = [text.encode() for text in re.findall(r' "([^"]*)"', rest)]
    elif dtype.numpy.kind == "c":
        elements = [
            complex(float(re_), float(im)) for re_, im in re.findall(r"\((.*?),(.*?)\)", rest)
        ]
    elif dtype.exact:
        elements = [int(NUMBERS.get(text.lower(), text)) for text in rest.split()]
    else:
        elements = [float(text) for text in rest.split()]
    return RawTensor.of(np.array(elements, dtype=dtype.numpy).reshape(dims))


def test_every_binding_has_a_snippet() -> None:
    assert [binding.id for binding in claimed().values() if not binding.snippet] == []


@pytest.mark.parametrize("binding", with_snippet(), ids=lambda binding: binding.id)
def test_a_program_gives_the_references_bits(
    binding: Binding,
    references: dict[str, Answers],
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    with needing_tools():
        binding.require()
    assert binding.snippet
    address = request.getfixturevalue("server") if binding.snippet.serve else ""
    typed(binding, tmp_path, address)
    for number, key in enumerate(written(binding.id)):
        wanted = references[binding.execution][key]
        lines = (tmp_path / f"{number}.printed").read_text(encoding="utf-8").splitlines()
        assert len(lines) == len(wanted), key
        found = {
            name: read(line, name, tensor.dtype)
            for line, (name, tensor) in zip(lines, sorted(wanted.items()), strict=True)
        }
        answer = Answer(outputs=found)
        same_class = conversion_of(binding, cases.find(key[0])) is None
        verdict = judge.against_outputs(answer, wanted, same_class=same_class)
        assert not verdict.red, (key, verdict.detail, lines)
