from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from stele import paths
from stele.cli import main
from stele.commands.libtensorflow import _shell
from stele.contract.codes import Code, SteleError
from stele.libtensorflow.jar import find_jar
from stele.libtensorflow.prefix import default_prefix, lay_out
from stele.libtensorflow.wheel import Wheel, find_library, find_wheel

LINUX = ("libtensorflow_cc.so.2", "libtensorflow_framework.so.2")
MACOS = ("libtensorflow_cc.2.dylib", "libtensorflow_framework.2.dylib")

needs_pkg_config = pytest.mark.skipif(not shutil.which("pkg-config"), reason="no pkg-config")


def fake_wheel(site: Path, libraries=LINUX, version="9.8.7") -> Wheel:
    """Install what looks like a wheel to a folder of site-packages."""
    folder = site / "tensorflow"
    (folder / "include" / "tensorflow" / "c").mkdir(parents=True)
    (folder / "include" / "tensorflow" / "c" / "c_api.h").write_text("// c_api.h\n")
    (folder / "__init__.py").write_text("raise AssertionError('imported')\n")
    for name in libraries:
        (folder / name).write_text(name)
    install_metadata(site, "tensorflow-cpu", version)
    return Wheel("tensorflow-cpu", version, folder.resolve(), sys.executable)


def install_metadata(site: Path, name: str, version: str, size: int | None = None) -> None:
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    size = len(LINUX[0]) if size is None else size
    (info / "RECORD").write_text(
        f"tensorflow/__init__.py,,\ntensorflow/{LINUX[0]},sha256=x,{size}\n"
    )


@pytest.fixture
def wheel(tmp_path) -> Wheel:
    return fake_wheel(tmp_path / "site")


def bare_python(folder: Path) -> tuple[str, Path]:
    """A venv without pip: its interpreter, and its site-packages."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    return str(folder / "bin" / "python"), site


def refuse(code: Code, match: str, *args, **kwargs) -> None:
    with pytest.raises(SteleError, match=match) as caught:
        lay_out(*args, **kwargs)
    assert caught.value.code == code


def test_finds_the_installed_wheel_without_importing_it():
    program = (
        "import sys; from stele.libtensorflow.wheel import find_wheel; found = find_wheel()\n"
        "assert not {'tensorflow', 'numpy', 'rich'} & set(sys.modules), sys.modules\n"
        "print(found.version, found.folder, found.python)"
    )
    out = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    here = find_wheel()
    assert out.stdout.split() == [here.version, str(here.folder), sys.executable]
    assert here.folder == Path(importlib.util.find_spec("tensorflow").origin).resolve().parent
    assert find_library(here).nbytes > 10e6


def test_finds_the_wheel_of_another_interpreter(tmp_path, monkeypatch):
    python, site = bare_python(tmp_path / "venv")
    with pytest.raises(SteleError, match="pip install tensorflow") as caught:
        find_wheel(python)
    assert caught.value.code == Code.NOT_FOUND
    assert python in caught.value.message
    # Neither is a folder of that name in the current one.
    (tmp_path / "cwd" / "tensorflow").mkdir(parents=True)
    (tmp_path / "cwd" / "tensorflow" / "__init__.py").touch()
    monkeypatch.chdir(tmp_path / "cwd")
    with pytest.raises(SteleError, match="not installed"):
        find_wheel(python)
    # What an uninstalled wheel left behind passes for a namespace package.
    (site / "tensorflow").mkdir()
    with pytest.raises(SteleError, match="not installed"):
        find_wheel(python)
    (site / "tensorflow").rmdir()
    expected = fake_wheel(site)
    assert find_wheel(python) == replace(expected, python=python)


def test_of_two_distributions_the_one_whose_files_are_there(tmp_path):
    python, site = bare_python(tmp_path / "venv")
    fake_wheel(site, version="1.0")
    install_metadata(site, "tensorflow", "2.0", size=12345)
    assert find_wheel(python).version == "1.0"
    (site / "tensorflow" / LINUX[0]).write_bytes(bytes(12345))
    assert (find_wheel(python).distribution, find_wheel(python).version) == ("tensorflow", "2.0")


@pytest.mark.parametrize(
    ("text", "code"), [("#!/bin/sh\necho no\n", Code.FAILED_PRECONDITION), (None, Code.NOT_FOUND)]
)
def test_what_is_no_interpreter(tmp_path, text, code):
    path = tmp_path / "python"
    if text:
        path.write_text(text)
        path.chmod(0o755)
    with pytest.raises(SteleError, match=str(path)) as caught:
        find_wheel(str(path))
    assert caught.value.code == code


@pytest.mark.parametrize(("names", "suffix"), [(LINUX, ".so"), (MACOS, ".dylib")])
@pytest.mark.parametrize("copy", [False, True])
def test_layout(tmp_path, names, suffix, copy):
    wheel = fake_wheel(tmp_path / "site", names)
    path = tmp_path / "prefix"
    made = lay_out(path, wheel, copy=copy)
    assert (made.change, made.path, made.copied) == ("new", path, copy)
    if copy:
        shutil.rmtree(wheel.folder)
    assert (path / "include/tensorflow/c/c_api.h").read_text() == "// c_api.h\n"
    cc, framework = names
    for name, content in {
        cc: cc,
        framework: framework,
        f"libtensorflow{suffix}": cc,
        f"libtensorflow_cc{suffix}": cc,
        f"libtensorflow_framework{suffix}": framework,
    }.items():
        assert (path / "lib" / name).read_text() == content
    assert "Version: 9.8.7\n" in (path / "lib/pkgconfig/tensorflow.pc").read_text()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["prefix", "site"]


def test_is_made_once(tmp_path, wheel):
    path = tmp_path / "prefix"
    lay_out(path, wheel)
    before = (path / "lib").stat()
    assert lay_out(path, wheel).change == "unchanged"
    assert (path / "lib").stat() == before


def test_is_made_again_when_anything_differs(tmp_path, wheel):
    path = tmp_path / "prefix"
    lay_out(path, wheel)
    assert lay_out(path, wheel, copy=True).change == "renewed"
    assert not (path / "include").is_symlink()
    assert lay_out(path, wheel).change == "renewed"
    (wheel.folder / LINUX[0]).write_text("another build")
    assert lay_out(path, wheel).change == "renewed"
    (path / "lib" / "libtensorflow.so").unlink()
    assert lay_out(path, wheel).change == "renewed"
    (path / "stele-libtensorflow.json").write_text("{")
    assert lay_out(path, wheel).change == "renewed"
    # The wheel was upgraded, and moved: all links are dangling.
    shutil.rmtree(wheel.folder)
    newer = fake_wheel(tmp_path / "other", version="9.9")
    assert lay_out(path, newer).change == "renewed"
    assert (path / "lib" / "libtensorflow.so").resolve() == newer.folder / LINUX[0]
    assert lay_out(path, newer).change == "unchanged"
    # Moved as a whole, its file for pkg-config points to where it was.
    path.rename(tmp_path / "moved")
    assert lay_out(tmp_path / "moved", newer).change == "renewed"


def test_an_empty_folder_is_taken(tmp_path, wheel):
    (tmp_path / "prefix").mkdir()
    assert lay_out(tmp_path / "prefix", wheel).change == "new"


def test_leaves_what_it_did_not_make(tmp_path, wheel):
    foreign = tmp_path / "prefix"
    foreign.mkdir()
    (foreign / "precious").touch()
    refuse(Code.ALREADY_EXISTS, "not made by stele", foreign, wheel)
    assert (foreign / "precious").exists()
    file = tmp_path / "file"
    file.write_text("precious")
    refuse(Code.ALREADY_EXISTS, "not made by stele", file, wheel)
    assert file.read_text() == "precious"
    refuse(Code.ALREADY_EXISTS, "file", file / "below", wheel)


def test_leaves_what_others_installed_into_it(tmp_path, wheel):
    path = tmp_path / "prefix"
    lay_out(path, wheel)
    mine = path / "lib" / "pkgconfig" / "mine.pc"
    mine.touch()
    assert lay_out(path, wheel).change == "unchanged"
    refuse(Code.ALREADY_EXISTS, "mine.pc", path, wheel, copy=True)
    assert mine.exists()
    mine.unlink()
    assert lay_out(path, wheel, copy=True).change == "renewed"


def test_keeps_the_old_prefix_when_the_new_one_fails(tmp_path, wheel, monkeypatch):
    path = tmp_path / "prefix"
    lay_out(path, wheel)

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device", "somewhere")

    monkeypatch.setattr(shutil, "copytree", full)
    refuse(Code.RESOURCE_EXHAUSTED, "No space", path, wheel, copy=True)
    assert lay_out(path, wheel).change == "unchanged"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["prefix", "site"]


@pytest.mark.parametrize("missing", [*LINUX, "include/tensorflow/c/c_api.h"])
def test_a_wheel_without_a_library(tmp_path, wheel, missing):
    (wheel.folder / missing).unlink()
    refuse(Code.NOT_FOUND, r"9\.8\.7.*since 2\.16", tmp_path / "prefix", wheel)
    assert not (tmp_path / "prefix").exists()


@pytest.mark.parametrize("char", list(":,$()\n\r"))
def test_refuses_paths_that_pkg_config_cannot_pass_on(tmp_path, wheel, char):
    refuse(Code.INVALID_ARGUMENT, "pkg-config", tmp_path / f"a{char}b", wheel)


@needs_pkg_config
@pytest.mark.parametrize("char", list(" #'\"\\&;*?[]{}<>|!`~^%=+@\tü"))
def test_pkg_config_passes_any_other_path_on(tmp_path, wheel, char):
    path = tmp_path / f"a{char}b"
    made = lay_out(path, wheel)
    program = f"{_shell(made)}\nfor flag in $FLAGS; do printf '%s\\n' \"$flag\"; done"
    # The flags are read as make and configure read them: by a shell, twice.
    program = program.replace(
        "for flag in $FLAGS", 'eval "set -- $(pkg-config --cflags --libs tensorflow)"; for flag'
    )
    done = subprocess.run(["bash", "-euc", program], check=True, capture_output=True)
    assert done.stdout.decode().splitlines() == [
        f"-isystem{path}/include",
        f"-L{path}/lib",
        f"-Wl,-rpath,{path}/lib",
        "-ltensorflow",
        "-ltensorflow_framework",
    ]


def test_default_prefix(tmp_path, monkeypatch):
    monkeypatch.setenv("STELE_BUILD", str(tmp_path / "build"))
    assert default_prefix() == tmp_path / "build" / "tensorflow"
    monkeypatch.delenv("STELE_BUILD")
    # A STELE_HOME that is no checkout stands for being outside of one.
    monkeypatch.setenv("STELE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    paths.repo_root.cache_clear()
    try:
        assert default_prefix() == tmp_path / "libtensorflow"
    finally:
        paths.repo_root.cache_clear()


def test_command(tmp_path, capsys):
    python, site = bare_python(tmp_path / "venv")
    arguments = ["libtensorflow", "--prefix", str(tmp_path / "pre fix"), "--python", python]
    assert main(arguments) == 3
    assert "NOT_FOUND" in capsys.readouterr().err
    fake_wheel(site)
    assert main([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "prefix": str(tmp_path / "pre fix"),
        "pkg_config_path": str(tmp_path / "pre fix" / "lib" / "pkgconfig"),
        "bytes": len("".join(LINUX)),
        "copied": False,
        "change": "new",
        "wheel": {
            "distribution": "tensorflow-cpu",
            "version": "9.8.7",
            "folder": str(site / "tensorflow"),
            "python": python,
        },
    }
    assert main(arguments) == 0
    shell = capsys.readouterr().out + 'printf %s "$PKG_CONFIG_PATH"'
    for before, after in (("", ""), ("/old", ":/old")):
        environment = dict(os.environ, PKG_CONFIG_PATH=before)
        done = subprocess.run(
            ["sh", "-euc", shell], env=environment, check=True, capture_output=True, text=True
        )
        assert done.stdout == f"{tmp_path}/pre fix/lib/pkgconfig{after}"


JAR_FOLDER = "org/tensorflow/internal/c_api/linux-x86_64"
JAR_PROPERTIES = "META-INF/maven/org.tensorflow/tensorflow-core-native/pom.properties"


def fake_jar(path: Path, libraries=LINUX) -> Path:
    """Write what looks like tensorflow-core-native's jar of a platform."""
    with zipfile.ZipFile(path, "w") as jar:
        jar.writestr(JAR_PROPERTIES, "artifactId=tensorflow-core-native\nversion=9.8.7\n")
        jar.writestr(f"{JAR_FOLDER}/libjnitensorflow.so", "jni")
        for name in libraries:
            jar.writestr(f"{JAR_FOLDER}/{name}", name)
    return path


@pytest.mark.parametrize(("names", "suffix"), [(LINUX, ".so"), (MACOS, ".dylib")])
def test_a_jar_is_unpacked(tmp_path, names, suffix):
    jar = find_jar(fake_jar(tmp_path / "x.jar", names))
    path = tmp_path / "prefix"
    made = lay_out(path, jar)
    assert (made.change, made.copied, made.nbytes) == ("new", True, len("".join(names)))
    (tmp_path / "x.jar").rename(tmp_path / "gone.jar")
    cc, framework = names
    for name, content in {
        cc: cc,
        framework: framework,
        f"libtensorflow{suffix}": cc,
        f"libtensorflow_framework{suffix}": framework,
    }.items():
        assert (path / "lib" / name).read_text() == content
    assert sorted(entry.name for entry in path.iterdir()) == ["lib", "stele-libtensorflow.json"]
    pc = (path / "lib/pkgconfig/tensorflow.pc").read_text()
    assert "Version: 9.8.7\n" in pc
    assert "Cflags" not in pc


def test_a_jar_is_unpacked_once_and_again_when_it_changes(tmp_path, wheel):
    jar = fake_jar(tmp_path / "x.jar")
    path = tmp_path / "prefix"
    lay_out(path, find_jar(jar))
    assert lay_out(path, find_jar(jar)).change == "unchanged"
    (path / "lib" / LINUX[0]).unlink()
    assert lay_out(path, find_jar(jar)).change == "renewed"
    os.utime(jar, ns=(1, 1))
    assert lay_out(path, find_jar(jar)).change == "renewed"
    # From either to the other.
    assert lay_out(path, wheel).change == "renewed"
    assert (path / "include/tensorflow/c/c_api.h").exists()
    assert lay_out(path, find_jar(jar)).change == "renewed"
    assert not (path / "include").exists()


@pytest.mark.parametrize("missing", LINUX)
def test_a_jar_without_a_library(tmp_path, missing):
    jar = fake_jar(tmp_path / "x.jar", [name for name in LINUX if name != missing])
    with pytest.raises(SteleError, match="named after a platform") as caught:
        find_jar(jar)
    assert caught.value.code == Code.NOT_FOUND


@pytest.mark.parametrize(
    ("content", "code"), [(None, Code.NOT_FOUND), (b"PK? no", Code.INVALID_ARGUMENT)]
)
def test_what_is_no_jar(tmp_path, content, code):
    if content is not None:
        (tmp_path / "x.jar").write_bytes(content)
    with pytest.raises(SteleError, match=r"x\.jar") as caught:
        find_jar(tmp_path / "x.jar")
    assert caught.value.code == code


def test_a_damaged_jar_leaves_the_prefix_as_it_was(tmp_path, wheel):
    path = tmp_path / "prefix"
    lay_out(path, wheel)
    jar = fake_jar(tmp_path / "x.jar")
    # The content, which is stored as it is, between the two names of the entry.
    before, name, after = jar.read_bytes().partition(f"{JAR_FOLDER}/{LINUX[1]}".encode())
    jar.write_bytes(before + name + after.replace(LINUX[1].encode(), b"?" * len(LINUX[1]), 1))
    refuse(Code.DATA_LOSS, "damaged", path, find_jar(jar))
    assert lay_out(path, wheel).change == "unchanged"


def test_the_command_takes_a_jar(tmp_path, capsys):
    jar, path = fake_jar(tmp_path / "x.jar"), tmp_path / "pre fix"
    arguments = ["libtensorflow", "--prefix", str(path), "--from-jar", str(jar)]
    assert main([*arguments, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["jar"] == {"version": "9.8.7", "path": str(jar)}
    assert (printed["copied"], printed["change"], "wheel" in printed) == (True, "new", False)
    assert main(arguments) == 0
    shell = capsys.readouterr().out + 'printf %s "$STELE_LIBTENSORFLOW"'
    done = subprocess.run(["sh", "-euc", shell], check=True, capture_output=True, text=True)
    assert done.stdout == f"{path}/lib"


C_PROGRAM = """
#include <stdio.h>
#include <tensorflow/c/c_api.h>

int main(void) {
  TF_Status *status = TF_NewStatus();
  printf("%s %d\\n", TF_Version(), (int)TF_GetCode(status));
  TF_DeleteStatus(status);
  return 0;
}
"""

# Includes little, for TensorFlow's C++ headers take long to compile.
CPP_PROGRAM = """
#include <cstdio>

#include "tensorflow/core/public/session_options.h"

namespace tensorflow {
class Session;
Session *NewSession(const SessionOptions &options);
}  // namespace tensorflow

int main() {
  std::puts(tensorflow::NewSession({}) != nullptr ? "session" : "none");
  return 0;
}
"""


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler")
@needs_pkg_config
def test_c_program(tmp_path):
    out = build_and_run(tmp_path, "cc -Wall -Wextra -Wpedantic -Werror", "program.c", C_PROGRAM)
    assert out == f"{find_wheel().version} 0\n"


@pytest.mark.skipif(not shutil.which("c++"), reason="no C++ compiler")
@needs_pkg_config
def test_cpp_program(tmp_path):
    command = "c++ -std=c++17 -Wl,--no-as-needed"
    assert build_and_run(tmp_path, command, "program.cc", CPP_PROGRAM) == "session\n"


def build_and_run(folder: Path, compiler: str, file: str, program: str) -> str:
    """Build in the way the documentation says, with a space in the path."""
    (folder / file).write_text(program)
    made = lay_out(folder / "pre fix", find_wheel())
    shell = (
        f"{_shell(made)}"
        f'eval "{compiler} {file} -o program $(pkg-config --cflags --libs tensorflow)"; ./program'
    )
    done = subprocess.run(
        ["sh", "-euc", shell], cwd=folder, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout
