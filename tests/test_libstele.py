"""`stele libstele`: a prefix that may be moved, and runs with any TensorFlow."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from stele import cli, paths
from stele.libtensorflow.prefix import MARK
from stele.parity import binding as bindings
from tests import tensorflows
from tests.conftest import STRICT, needing_tools
from tests.test_examples import EXPECTED

PROGRAM = """
#include <stdio.h>
#include <stele.h>
int main(void) { puts(stele_tensorflow_version(NULL)); return 0; }
"""
DIGITS = paths.bindings_dir() / "c" / "examples" / "digits.c"
FILES = [
    "include/stele.h",
    "include/stele_hosts.h",
    "include/stele_worker.h",
    "lib/libstele.a",
    *(f"lib/{name}.so" for name in ("libstele", "libstele_worker")),
    *(f"lib/pkgconfig/{name}.pc" for name in ("stele", "stele-worker")),
]


def run(*command: str | Path, **variables: str) -> str:
    """Return what a command prints, with no folder of libraries named for it."""
    env = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
    done = subprocess.run(
        list(map(str, command)), env=env | variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def compile_(prefix: Path, source: Path, program: Path, *more: str) -> None:
    """Compile and link a program as its README says."""
    variable = {"PKG_CONFIG_PATH": str(prefix / "lib" / "pkgconfig")}
    flags = run("pkg-config", "--cflags", "--libs", "stele", **variable).split()
    run("cc", "-Wall", "-Werror", source, *flags, *more, "-o", program)


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prefix with two programs in it, which is somewhere else now."""
    with needing_tools():
        bindings.discover()["c"].require()
    folder = tmp_path_factory.mktemp("libstele")
    prefix = folder / "first"
    assert cli.main(["libstele", "--prefix", str(prefix)]) == 0
    (folder / "version.c").write_text(PROGRAM)
    (prefix / "bin").mkdir()
    for source in (DIGITS, folder / "version.c"):
        program = prefix / "bin" / source.stem
        compile_(prefix, source, program, "-Wl,-rpath,$ORIGIN/../lib")
    return prefix.rename(folder / "second")


def digits(program: Path, **variables: str) -> str:
    return run(program, paths.models_dir() / "digits" / "saved_model", **variables)


def test_a_program_that_was_moved_with_it(moved: Path) -> None:
    printed = digits(moved / "bin" / "digits", **bindings.Binding.environment())
    assert re.fullmatch(EXPECTED, printed)


def test_a_program_that_is_linked_where_it_is_now(moved: Path, tmp_path: Path) -> None:
    compile_(moved, DIGITS, tmp_path / "digits")
    printed = digits(tmp_path / "digits", **bindings.Binding.environment())
    assert re.fullmatch(EXPECTED, printed)


@pytest.mark.parametrize("version", tensorflows.PINS)
def test_another_tensorflow(moved: Path, version: str) -> None:
    folder = tensorflows.folder(version)
    if not folder.is_dir():
        if STRICT and tensorflows.HERE:
            pytest.fail(f"no {folder}; run: make tensorflows")
        pytest.skip(f"no TensorFlow {version}; run: make tensorflows")
    variable = {"STELE_LIBTENSORFLOW": str(folder)}
    assert run(moved / "bin" / "version", **variable) == f"{version}\n"
    assert re.fullmatch(EXPECTED, digits(moved / "bin" / "digits", **variable))


_CLOSE = """
import _ctypes, ctypes, sys
library = ctypes.CDLL(sys.argv[1])
library.stele_load.restype = ctypes.c_void_p
assert library.stele_load(sys.argv[2].encode(), None, None)
_ctypes.dlclose(library._handle)
print(any("libstele.so" in line for line in open("/proc/self/maps")))
"""


def test_stays_loaded_when_it_is_closed(moved: Path) -> None:
    """TensorFlow's threads outlive whoever started them, and ours may be in a call."""
    model = paths.models_dir() / "digits" / "saved_model"
    variables = bindings.Binding.environment()
    library = moved / "lib" / "libstele.so"
    assert run(sys.executable, "-c", _CLOSE, library, model, **variables) == "True\n"


def test_what_is_there(moved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [name for name in FILES if not (moved / name).is_file()] == []
    prefix = tmp_path / "pre fix"
    (prefix / "include").mkdir(parents=True)
    (prefix / "include" / "other.h").touch()
    for change in ("new", "again"):
        assert cli.main(["libstele", "--prefix", str(prefix), "--json"]) == 0, change
        printed = json.loads(capsys.readouterr().out)
        assert printed["prefix"] == str(prefix)
        assert re.fullmatch(r"\d+\.\d+\.\d+", printed["version"])
    assert (prefix / "include" / "other.h").exists()
    assert cli.main(["libstele", "--prefix", str(prefix)]) == 0
    shell = capsys.readouterr().out + "pkg-config --modversion stele-worker"
    assert run("sh", "-euc", shell) == f"{printed['version']}\n"


@pytest.mark.parametrize("char", ":,$")
def test_a_path_that_pkg_config_cannot_take(
    tmp_path: Path, char: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["libstele", "--prefix", str(tmp_path / f"a{char}b")]) == cli.COULD_NOT_RUN
    assert "INVALID_ARGUMENT" in capsys.readouterr().err


def test_the_headers_of_a_wheel_are_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / MARK).touch()
    (tmp_path / "file").touch()
    assert cli.main(["libstele", "--prefix", str(tmp_path)]) == cli.COULD_NOT_RUN
    assert "ALREADY_EXISTS" in capsys.readouterr().err
    assert cli.main(["libstele", "--prefix", str(tmp_path / "file")]) == cli.COULD_NOT_RUN
    assert "stele: " in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {MARK, "file"}
