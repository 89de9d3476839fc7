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
from stele.commands.doctor import BindingFinding, Diagnosis, Finding, Tool
from stele.contract.codes import SteleError

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
    return doctor._tool(Tool("tool", "tests", (str(path),), **fields))


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
    assert re.search(r"missing +C compiler +binding c +no cc\n", done.stdout)
    assert "Not ready for make demo and make test: make, C compiler" in done.stdout
    assert "with your package manager: make, C compiler" in done.stdout
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
    assert more.stdout == done.stdout + "clang-format\nchromium\n"


def test_the_one_command(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    missing = Diagnosis(
        tuple(
            doctor._tool(tool) for tool in doctor.TOOLS if tool.name in ("make", "clang", "node")
        ),
        (),
    )
    for manager, command in {
        "brew": "brew install llvm node",
        "dnf": "dnf install -y make clang nodejs",
        "apt-get": "apt-get install -y --no-install-recommends make clang",
    }.items():
        program(tmp_path, manager, "exit 0")
        found = doctor.install_command(missing)
        assert found.removeprefix("sudo ") == command
        if manager != "brew":
            assert found.startswith("sudo ") == (os.geteuid() != 0)
    assert doctor.install_command(Diagnosis((), ())) == ""


@pytest.mark.parametrize(
    ("script", "fields", "state", "detail"),
    [
        ("echo tool version 1.2.3-rc", {}, "ok", "1.2.3"),
        ("echo v20.1.0", {"minimum": (20,)}, "ok", "20.1.0"),
        ("echo v18.20.4", {"minimum": (20,)}, "missing", "18.20.4: 20 or later needed"),
        ("echo 1.100.0", {"minimum": (1, 88)}, "ok", "1.100.0"),
        ("cat", {"stdin": "hello"}, "ok", "works"),
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
    assert doctor._tool(Tool("tool", "tests", (str(path),))).state == "missing"


def test_every_required_tool_has_a_debian_package():
    for tool in doctor.TOOLS:
        assert tool.apt or (tool.hint and not tool.required), tool


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
    assert doctor._python().state == state


def test_disk(monkeypatch, tmp_path):
    monkeypatch.setattr(
        shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(0, 0, 2 * 10**9)
    )
    found = doctor._disk(tmp_path, set_up=False)
    assert (found.state, found.detail) == ("missing", "2.0 GB free, 4 GB needed")
    assert doctor._disk(tmp_path, set_up=True).state == "ok"


def test_outside_of_a_checkout(monkeypatch):
    def nowhere():
        raise SteleError(doctor.paths.Code.FAILED_PRECONDITION, "nowhere")

    monkeypatch.setattr(paths, "repo_root", nowhere)
    found = doctor.diagnose()
    assert not found.ready
    assert found.bindings == ()


BINDING = """
[[binding]]
id = "{id}"
language = "L"
summary = "s"
level = 1
run = ["true"]
toolchain = [{toolchain}]
install = "apt-get install l"
upstream = "https://example.org"
licence = "Apache-2.0"
"""


@pytest.mark.parametrize(
    ("toolchain", "state", "detail"),
    [
        ('["sh", "-c", "true"]', "ok", ""),
        ('["sh", "-c", "true"], ["no-such-l"]', "missing", "apt-get install l"),
        ('["{python}", "-c", "import sys; sys.exit(1)"]', "later", "make demo"),
    ],
)
def test_bindings(monkeypatch, tmp_path, toolchain, state, detail):
    (tmp_path / "l").mkdir()
    text = BINDING.replace("{id}", "l").replace("{toolchain}", toolchain)
    (tmp_path / "l" / "binding.toml").write_text(text)
    monkeypatch.setattr(paths, "bindings_dir", lambda: tmp_path)
    (found,) = doctor._bindings(sys.executable)
    assert (found.id, found.language, found.state) == ("l", "L", state)
    assert detail in found.detail


def test_a_damaged_binding_is_shown(monkeypatch, tmp_path):
    (tmp_path / "l").mkdir()
    (tmp_path / "l" / "binding.toml").write_text("[[binding")
    monkeypatch.setattr(paths, "bindings_dir", lambda: tmp_path)
    (found,) = doctor._bindings(sys.executable)
    assert found.state == "missing"
    assert "binding.toml" in found.detail


def test_command(capsys):
    status = main(["doctor"])
    text = capsys.readouterr().out
    assert status == (0 if "Ready for make demo and make test." in text else doctor.MISSING)
    assert re.search(r"ok +python-tf +Python", text)
    assert re.search(r"ok +TensorFlow +all bindings +\d+\.\d+", text)
