"""The library as a user meets it.

Installed, found by pkg-config, linked from outside the tree, run without
LD_LIBRARY_PATH, removed without a trace.
"""

import os
import pathlib
import re
import subprocess

import pytest

FOLDER = pathlib.Path(__file__).parent.parent
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def run(*command, env=None, cwd=None):
    """Return what a command prints; one that fails shows why."""
    done = subprocess.run(
        list(map(str, command)), env=env, cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def make(*arguments):
    # A make of its own: flags and variables of the make that runs the tests
    # are not its.
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    run("make", "-C", FOLDER, *arguments, env=env)


@pytest.fixture(scope="session")
def prefix(out, tmp_path_factory):
    prefix = tmp_path_factory.mktemp("prefix")
    variables = (f"BUILD={out.parent}", f"PREFIX={prefix}")
    make("install", *variables)
    yield prefix
    make("uninstall", *variables)
    assert [path for path in prefix.rglob("*") if not path.is_dir()] == []


@pytest.fixture(scope="session")
def pkg_config(prefix):
    env = {**os.environ, "PKG_CONFIG_PATH": f"{prefix}/lib/pkgconfig"}
    return lambda *arguments: run("pkg-config", *arguments, env=env).split()


@pytest.fixture
def program(tmp_path):
    """The program on the README's first screen."""
    code = re.search(r"```c\n(.*?)```", (FOLDER / "README.md").read_text(), re.DOTALL)[1]
    path = tmp_path / "program.c"
    path.write_text(code)
    return path


def answer(program, models):
    env = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
    return run(program, models / "conv", env=env, cwd="/")


ANSWER = re.compile(r"input image FP32 \[\?,8,8,1\]\ndigit \d, [\d.]+\n")


def test_version(pkg_config):
    header = (FOLDER / "include" / "stele.h").read_text()
    version = re.findall(r"#define STELE_VERSION_\w+ +(\d+)", header)
    assert pkg_config("--modversion", "stele") == [".".join(version)]


def test_shared(program, models, pkg_config):
    flags = pkg_config("--cflags", "--libs", "stele")
    run("cc", "-std=c11", *STRICT, program, *flags, "-o", program.with_suffix(""))
    assert ANSWER.fullmatch(answer(program.with_suffix(""), models))


def test_static(program, models, pkg_config):
    flags = pkg_config("--cflags", "--libs", "--static", "stele")
    flags = ["-l:libstele.a" if flag == "-lstele" else flag for flag in flags]
    run("cc", "-std=c11", program, *flags, "-o", program.with_suffix(""))
    assert "libstele" not in run("readelf", "-d", program.with_suffix(""))
    assert ANSWER.fullmatch(answer(program.with_suffix(""), models))


def test_header_in_cxx(tmp_path, pkg_config):
    source = tmp_path / "header.cc"
    source.write_text(
        "#include <stele.h>\n"
        'int main() { return stele_dtype_from_name("FP32") == STELE_FP32 ? 0 : 1; }\n'
    )
    flags = pkg_config("--cflags", "--libs", "stele")
    run("c++", "-std=c++11", *STRICT, source, *flags, "-o", source.with_suffix(""))
    run(source.with_suffix(""))


@pytest.mark.parametrize("library", [("libstele.a",), ("libstele.so", "-D")])
def test_only_stele_symbols(prefix, library):
    name, *flags = library
    lines = run("nm", *flags, "--defined-only", "--extern-only", prefix / "lib" / name)
    symbols = set(re.findall(r"^[0-9a-f]+ \w (\S+)$", lines, re.MULTILINE))
    declared = re.findall(
        r"^STELE_API [\w ]*?\**(stele_\w+)\(", (FOLDER / "include" / "stele.h").read_text(), re.M
    )
    assert symbols == set(declared)


def test_soname(prefix):
    dynamic = run("readelf", "-d", prefix / "lib" / "libstele.so")
    assert "[libstele.so.1]" in dynamic


def test_examples(out, models):
    env = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
    lines = run(out / "digits", models / "conv", env=env, cwd="/").splitlines()
    assert lines[:3] == [
        "signature serving_default",
        "input image FP32 [?,8,8,1]",
        "output probabilities FP32 [?,10]",
    ]
    assert re.fullmatch(r"digit \d", lines[3])
    assert re.fullmatch(r"probabilities( 0\.\d{6}){10}", lines[4])

    lines = run(out / "inspect", models / "conv", env=env, cwd="/").splitlines()
    assert lines[:2] == ["signature serving_default", "input image FP32 [?,8,8,1]"]
