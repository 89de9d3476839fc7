"""What a class is proved by: mapped libraries, and the flags that these read."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from stele.libtensorflow import wheel
from stele.parity import library
from stele.parity.library import LibraryClass

# Maps the library as a worker does, in a child, as a server of a worker's does.
MAP = "import ctypes, sys; ctypes.CDLL(sys.argv[1]); print(flush=True); input()"
CHILD = "import subprocess, sys; subprocess.run([sys.executable, '-c', *sys.argv[1:]])"


def classify(flags: dict[str, str], *script: str, config: str = "default") -> LibraryClass:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    path = str(wheel.find_wheel().folder / "libtensorflow_framework.so.2")
    worker = subprocess.Popen(
        [sys.executable, "-c", *script, path],
        env=clean | flags,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with worker:
        assert worker.stdout is not None
        worker.stdout.readline()
        return library.of_worker(worker.pid, config)


@pytest.fixture(scope="module")
def plain() -> LibraryClass:
    return classify({}, MAP)


def test_a_mapped_library_is_the_proof(plain: LibraryClass) -> None:
    assert plain.proven
    assert dict(plain.libraries).keys() == {"libtensorflow_framework.so.2"}
    assert plain.flags == ()
    assert classify({}, CHILD, MAP) == plain


def test_without_a_library_there_is_none() -> None:
    nothing = classify({}, "print(flush=True); input()")
    assert not nothing.proven
    assert nothing.label == "unproven"


def test_flags_are_the_workers_own_and_tensorflows(
    plain: LibraryClass, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")  # the harness's, not the worker's
    others = {"TF_CLI_CONFIG_FILE": "/x", "TF_CPP_MIN_LOG_LEVEL": "2"}
    assert classify(others, MAP) == plain
    flagged = classify({"TF_ENABLE_ONEDNN_OPTS": "0"} | others, CHILD, MAP)
    assert flagged.flags == (("TF_ENABLE_ONEDNN_OPTS", "0"),)
    assert flagged != plain
    assert flagged.label != plain.label


def test_one_class_has_the_same_library_flags_and_path(plain: LibraryClass) -> None:
    assert plain.same_as(replace(plain))
    assert not plain.same_as(replace(plain, libraries=(("libtensorflow_cc.so.2", "0"),)))
    assert not plain.same_as(replace(plain, flags=(("TF_ENABLE_ONEDNN_OPTS", "0"),)))
    assert not plain.same_as(replace(plain, path="function"))
    # Nobody knows what either runs on: that is no proof.
    assert not LibraryClass().same_as(LibraryClass())


def test_a_config_is_part_of_the_class(plain: LibraryClass) -> None:
    inline = classify({}, MAP, config="inline")
    assert inline.flags == (("config", "inline"),)
    assert inline != plain
    assert inline.label != plain.label
