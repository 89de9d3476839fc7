"""The program that `stele snippet` writes for a model, built and run in every language.

A binding has one folder outside of the checkout, in which its commands are typed as they
stand in the program, and one test: what takes time is the toolchain's start.

`make test` has the example's model and a share of the others in each binding, all of them
among the bindings together; `make snippets` has every model in every binding.
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
from stele.parity import judge, known
from stele.parity.binding import Binding, discover
from stele.parity.case import Case
from stele.parity.conversation import Answer, Conversation
from stele.parity.record import Outcome, Result
from stele.remote import launch
from stele.snippet import program
from stele.snippet.program import Program
from tests.conftest import claimed, needing_tools

# The model of dtypes has no serving_default: every dtype, then names and ranks that are odd.
SIGNATURES = {"dtypes": ("matrices", "mixed")}
Keys = tuple[tuple[str, str], ...]
PROGRAMS: Keys = tuple(
    (name, s) for name in zoo.DEFAULT for s in SIGNATURES.get(name, ("serving_default",))
)
EXAMPLE = ("digits", "serving_default")
SHARES = 1 if os.environ.get("STELE_PROGRAMS") == "all" else 8

# What a program prints is the same however long its compiler thinks. Rust's crates lie where
# the next program finds them.
QUICK = {
    "CARGO_TARGET_DIR": str(paths.build_dir() / "rust/programs"),
    "CARGO_PROFILE_RELEASE_OPT_LEVEL": "0",
    "CRYSTAL_OPTS": "--no-debug",
    "GOFLAGS": "-ldflags=-w",
    "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}

# To import TensorFlow, or to compile what a program calls, takes longer than all programs
# together: once for all of a binding.
IN_ONE_PROCESS = {
    ".py": """
import contextlib, runpy, sys
for number, model in enumerate(list(sys.argv[1:])):
    sys.argv[1] = model
    with open(f"{number}.printed", "w") as file, contextlib.redirect_stdout(file):
        runpy.run_path(f"{number}.text", run_name="__main__")
""",
    ".jl": """
for (number, model) in enumerate(copy(ARGS))
    ARGS[1] = model
    open("$(number - 1).printed", "w") do file
        redirect_stdout(() -> include("$(number - 1).text"), file)
    end
end
""",
}

NUMBERS = {"true": 1, "false": 0}


def with_snippet() -> list[Binding]:
    return [binding for binding in claimed().values() if binding.snippet]


def share(binding: str) -> Keys:
    """Return the model and signature of the programs to write for a binding."""
    number = sorted(one.id for one in with_snippet()).index(binding)
    return tuple(dict.fromkeys([EXAMPLE, *PROGRAMS[number % SHARES :: SHARES]]))


@cache
def written(binding: str) -> dict[tuple[str, str], Program]:
    """Return the programs by model and signature, but of those that the binding cannot run."""
    found = discover()[binding]
    return {
        (model, signature): program.write(cases.find(model), found, signature)
        for model, signature in share(binding)
        if _has(found, model, signature)
    }


def _has(binding: Binding, model: str, signature: str) -> bool:
    """Tell whether a binding has what the program runs: it may be no SavedModel."""
    if binding.id == "python-keras":
        return keras_file.beside(cases.find(model).folder) is not None
    if is_converted(binding):
        return (model, signature) in answers(binding.id, share(binding.id))
    return True


def is_converted(binding: Binding) -> bool:
    """Tell whether a program's commands convert the model."""
    assert binding.snippet
    return any(map(is_conversion, binding.snippet.build))


def is_conversion(command: str) -> bool:
    return shlex.split(command)[:2] == ["stele", "convert"]


def taken(command: str, model: str, signature: str) -> str:
    """Return a command that does what a program's conversion does.

    To convert a model takes longer than to run it in all languages, and the parity run has
    done so: with all signatures, of which the program's stays.
    """
    words = shlex.split(command)
    batch = int(words[words.index("--batch") + 1]) if "--batch" in words else None
    to = FORMATS[words[words.index("--to") + 1]]
    folder, manifest = conversion.convert(Request(cases.find(model), to, batch=batch))
    files = {name: entry["file"] for name, entry in manifest["signatures"].items()}
    others = [f"converted/{file}" for name, file in files.items() if file and name != signature]
    copy = shlex.join(["cp", "-r", str(folder), "converted"])
    return f"rm -rf converted && {copy} && {shlex.join(['rm', '-f', *others])}"


Answers = Mapping[tuple[str, str], dict[str, RawTensor]]


@cache
def answers(binding: str, programs: Keys) -> Answers:
    """Return what a binding's worker answers to the inputs of programs.

    But where it has not what the model needs, or is known not to answer.
    """
    found = {}
    deviations = known.load(*paths.bindings_roots())
    with TemporaryDirectory() as work:
        folder = Path(work)
        conversation = Conversation(discover()[binding], folder / "worker")
        try:
            for model, signature in programs:
                target = cases.find(model)
                inputs = program.write(target, discover()["python-tf"], signature).inputs
                write_bundle(folder / f"{model}-{signature}", inputs)
                answer = conversation.try_open(target)
                if not isinstance(answer, Answer):
                    case = Case(signature, signature, folder / f"{model}-{signature}")
                    answer = conversation.run(case)
                if answer.outputs:
                    found[model, signature] = answer.outputs
                elif answer.outcome is not Outcome.UNSUPPORTED:
                    cell = Result(model, binding, signature, signature, Outcome.ERROR)
                    assert known.apply(cell, deviations).known, answer
        finally:
            conversation.stop()
    return found


def references(binding: Binding) -> Answers:
    """Return what the programs have to print.

    That is what Python's TensorFlow answers, by the binding's execution path; or the
    binding's own worker where the model is converted: how far that is off is the parity
    run's to judge.
    """
    if is_converted(binding):
        return answers(binding.id, share(binding.id))
    worker = {"function": "python-tf", "session": "python-session"}[binding.execution]
    found = answers(worker, PROGRAMS)
    assert len(found) == len(PROGRAMS)
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
    lines = list(first.commands.setup)
    runs = [one.commands.run.replace("127.0.0.1:8500", address) for one in programs]
    ending = Path(first.file).suffix
    if ending == ".jl" or "python:tensorflow" in binding.installs:
        (folder / f"all{ending}").write_text(IN_ONE_PROCESS[ending])
        command = shlex.split(runs[0].replace(first.file, f"all{ending}"))[:-1]
        lines += [shlex.join([*command, *(shlex.split(run)[-1] for run in runs)])]
    elif any("{program}" in command for command in binding.snippet.build):
        lines += together(programs, runs)
    else:
        for number, (key, one) in enumerate(written(binding.id).items()):
            build = one.commands.build
            if number > 0:  # the first one's is typed
                build = tuple(taken(line, *key) if is_conversion(line) else line for line in build)
            lines += [f"cp {number}.text {one.file}", *build, f"{runs[number]} > {number}.printed"]
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
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    with needing_tools():
        binding.require()
    assert binding.snippet
    address = request.getfixturevalue("server") if binding.snippet.serve else ""
    typed(binding, tmp_path, address)
    assert written(binding.id)
    for number, key in enumerate(written(binding.id)):
        wanted = references(binding)[key]
        lines = (tmp_path / f"{number}.printed").read_text(encoding="utf-8").splitlines()
        assert len(lines) == len(wanted), key
        found = {
            name: read(line, name, tensor.dtype)
            for line, (name, tensor) in zip(lines, sorted(wanted.items()), strict=True)
        }
        verdict = judge.against_outputs(Answer(outputs=found), wanted, same_class=True)
        assert not verdict.red, (key, verdict.detail, lines)
