"""Where TensorFlow is looked for, in which order, and what is said when it is nowhere."""

import os
import re
import subprocess
from pathlib import Path

import pytest

NAME = "libtensorflow_cc.so.2"


@pytest.fixture
def inspect(out, models, tmp_path):
    """Run the example on a model with just these variables; return status and stderr."""

    def run(**variables):
        # An empty folder keeps the test from the machine's Pythons.
        env = {"PATH": str(tmp_path), "TF_CPP_MIN_LOG_LEVEL": "2", **variables}
        done = subprocess.run(
            [out / "inspect", models / "conv"], env=env, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stderr

    return run


@pytest.fixture
def wheel():
    """The folder of the TensorFlow under test."""
    return (Path(os.environ["STELE_LIBTENSORFLOW"]) / NAME).resolve().parent


def fake(folder):
    """Make a library that is there and cannot be loaded."""
    folder.mkdir(parents=True)
    (folder / NAME).write_text("no library")
    return folder


def environment(folder, wheel):
    """Make a Python environment whose package tensorflow is `wheel`."""
    packages = folder / "lib" / "python3.99" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "tensorflow").symlink_to(wheel)
    return str(folder)


def interpreter(folder, *lines):
    folder.mkdir()
    (folder / "python3").write_text("\n".join(["#!/bin/sh", *lines, ""]))
    (folder / "python3").chmod(0o755)
    return str(folder)


def test_the_variable_comes_first(inspect, wheel, tmp_path):
    for path in (wheel, wheel / NAME):
        variables = {
            "VIRTUAL_ENV": environment(tmp_path / path.name, fake(tmp_path / "x" / path.name))
        }
        status, message = inspect(STELE_LIBTENSORFLOW=str(path), **variables)
        assert status == 0, message


def test_a_wrong_variable_is_an_error(inspect, wheel, tmp_path):
    variables = {"VIRTUAL_ENV": environment(tmp_path / "env", wheel)}
    status, message = inspect(STELE_LIBTENSORFLOW="/no/where", **variables)
    assert status != 0
    assert "NOT_FOUND: libtensorflow was not found" in message
    assert "STELE_LIBTENSORFLOW=/no/where: no such file or folder" in message
    status, message = inspect(STELE_LIBTENSORFLOW=str(tmp_path), **variables)
    assert f"STELE_LIBTENSORFLOW={tmp_path}: holds none of {NAME}" in message


@pytest.mark.parametrize("name", ["VIRTUAL_ENV", "CONDA_PREFIX"])
def test_the_active_environment(inspect, wheel, tmp_path, name):
    status, message = inspect(**{name: environment(tmp_path / "env", wheel)})
    assert status == 0, message


def test_the_python_on_the_path(inspect, wheel, tmp_path):
    status, message = inspect(PATH=interpreter(tmp_path / "bin", f"echo {tmp_path}; echo {wheel}"))
    assert status == 0, message


def test_a_python_that_fails(inspect, tmp_path):
    _, message = inspect(PATH=interpreter(tmp_path / "bin", "exit 3"))
    assert "python3 on PATH: failed, exit status: 3" in message
    assert "python on PATH: No such file or directory" in message


def test_nothing_lists_what_was_tried(inspect, tmp_path):
    status, message = inspect(CONDA_PREFIX=str(tmp_path), STELE_LIBTENSORFLOW="")
    assert status != 0
    assert re.search(
        r"NOT_FOUND: libtensorflow was not found\. Tried:\n"
        r"  STELE_LIBTENSORFLOW: not set\n"
        r"  VIRTUAL_ENV: not set\n"
        rf"  CONDA_PREFIX={tmp_path}: no tensorflow wheel in its site-packages\n"
        r"  python3 on PATH: .*\n"
        r"  python on PATH: .*\n"
        rf'  the system\'s loader: cannot load libtensorflow from "{NAME}": .*\n'
        r"(.*\n)+"
        r"Install TensorFlow's wheel",
        message,
    ), message


def test_what_cannot_be_loaded(inspect, tmp_path):
    status, message = inspect(STELE_LIBTENSORFLOW=str(fake(tmp_path / "fake")))
    assert status != 0
    assert (
        f'FAILED_PRECONDITION: cannot load libtensorflow from "{tmp_path}/fake/{NAME}": ' in message
    )


OTHER = """
#include <dlfcn.h>
#include <stdio.h>
#include <stele.h>

int main(int argc, char **argv) {
  stele_error error;
  if (argc != 2 || dlopen(argv[1], RTLD_LAZY) == NULL)
    return fprintf(stderr, "%s\\n", dlerror()), 2;
  const char *version = stele_tensorflow_version(&error);
  puts(version != NULL ? version : error.message);
  return error.code;
}
"""


def test_another_tensorflow_in_the_process(out, wheel, tmp_path):
    """One that the program itself has loaded; the wheel's own counts as the same."""
    (tmp_path / "other.c").write_text(OTHER)
    (tmp_path / "stub.c").write_text("int stub;")
    flags = [f"-I{Path(__file__).parents[1] / 'include'}", f"-L{out}", f"-Wl,-rpath,{out}"]
    program, stub = tmp_path / "other", tmp_path / "libtensorflow_framework.so.2"
    subprocess.run(["cc", tmp_path / "other.c", *flags, "-lstele", "-o", program], check=True)
    subprocess.run(["cc", "-shared", tmp_path / "stub.c", "-o", stub], check=True)

    def run(library):
        env = {**os.environ, "STELE_LIBTENSORFLOW": str(wheel)}
        done = subprocess.run(
            [program, library], env=env, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout.strip()

    code, message = run(stub)
    assert code == 9
    assert message == (
        f'this process has loaded "{stub}" and cannot load "{wheel / NAME}" beside it'
    )
    code, message = run(wheel / "libtensorflow_framework.so.2")
    assert code == 0, message


HOST = """
#include <stdlib.h>
#include <stele.h>

/* TensorFlow calls its own function of this name while it is loaded. */
void TF_NewKernelBuilder(void) { _Exit(42); }

#ifdef LLVM
void LLVMContextCreate(void) {}
#endif

int main(void) { return stele_tensorflow_version(NULL) == NULL; }
"""


@pytest.mark.parametrize(("flags", "expected"), [([], 42), (["-DLLVM"], 0)])
def test_a_process_that_shows_its_llvm(out, wheel, tmp_path, flags, expected):
    """TensorFlow's own functions come before the process's, as in Julia it must not call others."""
    (tmp_path / "host.c").write_text(HOST)
    include = f"-I{Path(__file__).parents[1] / 'include'}"
    link = [f"-L{out}", f"-Wl,-rpath,{out}", "-lstele", "-rdynamic"]
    program = tmp_path / "host"
    subprocess.run(["cc", tmp_path / "host.c", include, *flags, *link, "-o", program], check=True)
    env = {**os.environ, "STELE_LIBTENSORFLOW": str(wheel)}
    assert subprocess.run([program], env=env, check=False).returncode == expected
