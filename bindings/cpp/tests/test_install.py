"""The library as a user meets it, outside of the checkout, and the other examples."""

import os
import re
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent
BUILD = Path(os.environ["BUILD"])
MODEL = BUILD / "models" / "digits" / "saved_model"
STRICT = "-Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion"


def run(*command, cwd=None, **variables):
    """Return what a command prints; one that fails shows why."""
    # A make of its own: what the make that runs the tests has set is not its.
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        list(map(str, command)),
        env=env | variables,
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def block(language):
    """The first block of the README in a language."""
    text = (FOLDER / "README.md").read_text()
    return re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder in which the README's commands were typed, but the last, which runs it."""
    folder = tmp_path_factory.mktemp("first screen")
    (folder / "program.cpp").write_text(block("cpp"))
    *commands, _ = re.findall(r"^\$ (.*)$", block("console"), re.MULTILINE)
    run("bash", "-euc", "\n".join(commands), cwd=folder, STELE=str(FOLDER.parent.parent))
    return folder


def expected():
    return "".join(re.findall(r"^(?!\$ ).*\n", block("console"), re.MULTILINE))


def test_the_program_of_the_readme(installed):
    assert run("./program", MODEL, cwd=installed) == expected()


def test_find_package(installed, tmp_path):
    (tmp_path / "program.cpp").write_text(block("cpp"))
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.21)\nproject(program LANGUAGES CXX)\n" + block("cmake")
    )
    prefix = installed / "prefix"
    configure = ["cmake", "-S", tmp_path, "-B", tmp_path / "out", f"-DCMAKE_PREFIX_PATH={prefix}"]
    run(*configure, f"-DCMAKE_CXX_FLAGS={STRICT}", PKG_CONFIG_PATH="")
    run("cmake", "--build", tmp_path / "out")
    assert run(tmp_path / "out" / "program", MODEL) == expected()


def test_find_package_says_what_is_missing(installed, tmp_path):
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.21)\nproject(program LANGUAGES CXX)\n"
        "find_package(stele-cpp 0.2 REQUIRED)\n"
    )
    package = installed / "prefix" / "lib" / "cmake" / "stele-cpp"
    variable = {"PKG_CONFIG_PATH": "/nowhere", "PKG_CONFIG_LIBDIR": "/nowhere"}
    done = subprocess.run(
        ["cmake", "-S", tmp_path, "-B", tmp_path, f"-Dstele-cpp_DIR={package}"],
        env=os.environ | variable,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "PKG_CONFIG_PATH" in done.stderr


def test_what_is_slow_to_compile_is_not_in_the_surface():
    headers = list((FOLDER / "include").rglob("*.hpp"))
    included = {
        name
        for header in headers
        for name in re.findall(r"^#include <(.*)>$", header.read_text(), re.MULTILINE)
    }
    assert "span" in included
    assert not included & {"filesystem", "iostream", "ranges", "regex"}


def test_inspect():
    lines = run(BUILD / "cpp" / "programs" / "inspect", MODEL).splitlines()
    assert "signature serving_default" in lines
    assert "input image FP32 [?,8,8,1]" in lines


def test_pool():
    *digits, refused = run(BUILD / "cpp" / "programs" / "pool", MODEL, 4).splitlines()
    assert sum(int(re.fullmatch(r"digit \d: (\d+)", line)[1]) for line in digits) == 1000
    assert refused.startswith("refused INVALID_ARGUMENT: ")
