from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stele import paths
from stele.cli import main
from stele.commands import doctor
from stele.contract.codes import Code, SteleError
from stele.parity import binding, diagnosis, tool
from stele.parity.diagnosis import BindingFinding, Diagnosis, Finding
from stele.parity.tool import Tool

SOURCES = Path(doctor.__file__).parents[2]


def run_alone(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it as `make doctor` does: sources on the path, and no package at all."""
    # -S leaves site-packages out.
    return subprocess.run(
        [sys.executable, "-S", "-m", "stele.commands.doctor", *arguments],
        env={**os.environ, "PYTHONPATH": str(SOURCES), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def program(folder: Path, name: str, script: str) -> Path:
    path = folder / name
    path.write_text(f"#!{shutil.which('sh')}\n{script}\n")
    path.chmod(0o755)
    return path


def look(tmp_path: Path, script: str, **fields) -> Finding:
    path = program(tmp_path, "tool", script)
    return diagnosis.look_for(Tool("tool", (str(path),), **fields))


def tools() -> list[Tool]:
    return [entry for folder in binding.folders() for entry in folder.tools]


def test_needs_nothing_but_python():
    done = run_alone("--json")
    assert not done.stderr
    found = json.loads(done.stdout)
    states = {entry["name"]: entry["state"] for entry in found["findings"]}
    assert states["Python"] == "ok"
    assert set(states.values()) <= {"ok", "missing", "later"}
    assert found["ready"] == (done.returncode == 0)


def test_an_empty_machine(tmp_path):
    done = run_alone(PATH=str(tmp_path))
    assert done.returncode == doctor.MISSING
    assert not done.stderr
    assert re.search(r"missing +C compiler +c\b.* no cc\n", done.stdout)
    assert "Not ready for make demo and make test: make, C compiler" in done.stdout
    assert "make, pkg-config, protobuf-c, protoc-c, clang" in done.stdout
    same_remedy = r"C compiler, C\+\+ compiler\b.*: with your package manager; on macOS: xcode"
    assert re.search(same_remedy, done.stdout)
    assert "rustc, cargo: https://rustup.rs" in done.stdout


def test_packages_of_debian(tmp_path):
    done = run_alone("--apt", PATH=str(tmp_path))
    # make must be able to take the list whatever is missing.
    assert done.returncode == 0
    assert done.stdout.split() == [
        "make", "gcc", "libc6-dev", "g++", "pkg-config", "libprotobuf-c-dev",
        "protobuf-c-compiler", "clang", "libclang-rt-dev",
    ]  # fmt: skip
    more = run_alone("--apt", "--all", PATH=str(tmp_path))
    optional = [name for entry in tools() if not entry.required for name in entry.apt.split()]
    assert more.stdout.split() == [*dict.fromkeys([*done.stdout.split(), *optional])]
    assert {"clang-format", "chromium"} <= set(optional)


def test_the_one_command(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    some = [Tool("make", ("make",), apt="make", dnf="make"),
            Tool("clang", ("clang",), apt="clang", dnf="clang", brew="llvm"),
            Tool("node", ("node",), dnf="nodejs", brew="node", install="https://nodejs.org"),
            Tool("numpy", ("python",), pip="numpy")]  # fmt: skip
    for manager, command, rest in [
        ("brew", "brew install llvm node", "your package manager (make)"),
        ("dnf", "dnf install -y make clang nodejs", ""),
        ("apt-get", "apt-get install -y --no-install-recommends make clang", "https://nodejs.org"),
    ]:
        program(tmp_path, manager, "exit 0")
        install = tool.install_command(some)
        assert install.removeprefix("sudo ") == command
        if manager != "brew":
            assert install.startswith("sudo ") == (os.geteuid() != 0)
        assert tool.remedy(some) == ", ".join(filter(None, [install, rest, "pip install numpy"]))
    assert tool.install_command([]) == ""


@pytest.mark.parametrize(
    ("script", "fields", "state", "detail"),
    [
        ("echo tool version 1.2.3-rc", {}, "ok", "1.2.3"),
        ("echo v20.1.0", {"minimum": "20"}, "ok", "20.1.0"),
        ("echo v18.20.4", {"minimum": "20"}, "missing", "18.20.4: 20 or later needed"),
        ("echo 1.100.0", {"minimum": "1.88"}, "ok", "1.100.0"),
        ("cat", {"stdin": "hello"}, "ok", "works"),
        ("echo 25", {"minimum": "24"}, "ok", "25"),
        ('echo openjdk version "17.0.9" >&2', {"minimum": "17"}, "ok", "17.0.9"),
        ("echo works", {"minimum": "2"}, "missing", "no version: 2 or later needed"),
        ("exit 1", {"pip": "tool"}, "later", "exit status 1; make demo installs it"),
        ("echo broken >&2; exit 1", {}, "missing", "broken"),
        ("exit 7", {}, "missing", "exit status 7"),
    ],
)
def test_tool(tmp_path, script, fields, state, detail):
    found = look(tmp_path, script, **fields)
    assert (found.state, found.detail) == (state, detail)


def test_a_tool_that_is_no_program(tmp_path):
    path = tmp_path / "tool"
    path.write_bytes(b"\0\1")
    path.chmod(0o755)
    assert diagnosis.look_for(Tool("tool", (str(path),))).state == "missing"


def test_every_tool_says_how_it_is_installed():
    for entry in tools():
        assert entry.apt or entry.pip or (entry.install and not entry.required), entry


def test_ready_is_what_the_two_commands_need():
    optional = Finding("x", "missing", "", "", required=False)
    later = Finding("x", "later", "", "")
    needed = Finding("x", "missing", "", "")
    assert Diagnosis((optional, later), (BindingFinding("r", "R", "missing", "no R"),)).ready
    assert not Diagnosis((optional, needed), ()).ready


@pytest.mark.parametrize(
    ("version", "state"),
    [((3, 10, 9), "missing"), ((3, 11, 0), "ok"), ((3, 13, 9), "ok"), ((3, 14, 0), "missing")],
)
def test_python_versions_that_tensorflow_has_wheels_for(monkeypatch, version, state):
    monkeypatch.setattr(sys, "version_info", version)
    assert diagnosis._python().state == state


def test_disk(monkeypatch, tmp_path):
    monkeypatch.setattr(
        shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(0, 0, 2 * 10**9)
    )
    found = diagnosis._disk(tmp_path, set_up=False)
    assert (found.state, found.detail) == ("missing", "2.0 GB free, 4 GB needed")
    assert diagnosis._disk(tmp_path, set_up=True).state == "ok"


def test_outside_of_a_checkout(monkeypatch):
    def nowhere():
        raise SteleError(Code.FAILED_PRECONDITION, "nowhere")

    monkeypatch.setattr(paths, "repo_root", nowhere)
    found = diagnosis.diagnose()
    assert not found.ready
    assert found.bindings == ()


BINDING = """
[[binding]]
id = "l"
language = "L"
summary = "s"
level = 1
run = ["true"]
{more}
upstream = "https://example.org"
licence = "Apache-2.0"

[[tool]]
name = "here"
command = ["sh", "-c", "true"]

[[tool]]
name = "linter"
command = ["no-such-linter"]
purpose = "lint"

[[tool]]
name = "compiler"
command = {command}
{install}
"""


def write(folder: Path, *, command='["sh", "-c", "true"]', install="", more="") -> None:
    folder.mkdir(parents=True)
    text = BINDING.format(command=command, install=install, more=more)
    (folder / "binding.toml").write_text(text)


@pytest.fixture
def roots(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "bindings_roots", lambda: (tmp_path,))
    return tmp_path


@pytest.mark.parametrize(
    ("command", "install", "state", "detail"),
    [
        ('["sh", "-c", "true"]', "", "ok", ""),
        ('["no-such-l"]', 'install = "get l"', "missing", "compiler; install with: get l"),
        ('["{python}", "-c", "exit(1)"]', 'pip = "l"', "later", "make demo installs it"),
    ],
)
def test_bindings(roots, command, install, state, detail):
    write(roots / "l", command=command, install=install)
    _, (found,) = diagnosis._bindings(sys.executable)
    assert found == BindingFinding("l", "L", state, detail)


def test_a_binding_names_its_tools(roots):
    write(roots / "l", more='tools = ["linter"]')
    assert [entry.name for entry in binding.discover()["l"].tools] == ["linter"]


def test_a_binding_has_the_tools_of_those_it_needs(roots):
    write(roots / "l", more='needs = ["m"]')
    write(roots / "family" / "m", more='needs = ["l"]', command='["m-compiler"]')
    text = (roots / "family" / "m" / "binding.toml").read_text()
    (roots / "family" / "m" / "binding.toml").write_text(text.replace('id = "l"', 'id = "m"'))
    commands = [entry.command[0] for entry in binding.discover()["l"].tools]
    assert commands == ["sh", "sh", "m-compiler"]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("[[binding]]", "[[binding", "TOMLDecodeError"),
        ("[[tool]]", "[[tools]]", "unknown: tools"),
        ("level = 1", "levle = 1", "levle"),
        ("command", "commnad", "commnad"),
        ("level = 1", 'level = 1\ntools = ["x"]', "x"),
        ("level = 1", 'level = 1\nneeds = ["x"]', '"l" needs "x", which is not there'),
    ],
)
def test_a_damaged_binding_is_shown(roots, before, after, words):
    write(roots / "l")
    file = roots / "l" / "binding.toml"
    file.write_text(file.read_text().replace(before, after, 1))
    _, (found,) = diagnosis._bindings(sys.executable)
    assert found.state == "missing"
    assert str(file) in found.detail
    assert words in found.detail


def test_command(capsys):
    status = main(["doctor"])
    text = capsys.readouterr().out
    assert status == (0 if "Ready for make demo and make test." in text else doctor.MISSING)
    assert re.search(r"ok +python-tf +Python", text)
    assert re.search(r"ok +TensorFlow +python\b.* \d+\.\d+", text)


def test_bindings_outside_of_the_checkout(monkeypatch, tmp_path):
    write(tmp_path / "more" / "l")
    monkeypatch.setenv("STELE_BINDINGS", str(tmp_path / "more"))
    found = binding.discover()
    assert found["l"].folder == tmp_path / "more" / "l"
    assert {"c", "python-tf"} < found.keys()
    monkeypatch.setenv("STELE_BINDINGS", str(tmp_path / "none"))
    with pytest.raises(SteleError, match=r"STELE_BINDINGS: .* is no folder") as caught:
        binding.discover()
    assert caught.value.code is Code.NOT_FOUND


@pytest.mark.parametrize(("path", "status"), [("", 1), (os.environ["PATH"], 0)])
def test_make_asks_whether_a_folder_can_be_built(path, status):
    done = subprocess.run(
        [sys.executable, "-m", "stele.parity.toolchain", "c"],
        env={**os.environ, "PATH": path, "CI": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status
    assert done.stderr.startswith("c: setup: not installed: C compiler (no cc), ") == bool(status)
