"""`make demo` where some languages are not installed: their rows say so, and the rest runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HIDDEN = ("go", "cmake", "java", "javac", "mvn")


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """All programs of this machine but those of Go, CMake and the JVM."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for found in map(Path, os.environ["PATH"].split(os.pathsep)):
        for program in found.iterdir() if found.is_dir() else ():
            if program.name not in HIDDEN and not (folder / program.name).is_symlink():
                (folder / program.name).symlink_to(program)
    assert all(shutil.which(name, path=str(folder)) is None for name in HIDDEN)
    # The JVM's folder lists the JDKs that are not on the path.
    (folder / "ls").unlink()
    (folder / "ls").write_text("#!/bin/sh\n")
    (folder / "ls").chmod(0o755)
    return folder


def test_what_is_not_installed_is_grey(programs: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stele.cli", "bench", "digits", "--binding", "c,cpp,go,java",
         "--rounds", "1", "--starts", "1", "--json"],
        env=os.environ | {"PATH": str(programs), "JAVA_HOME": ""},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["binding"] for one in records if "call_ns" in one] == ["c"]
    reasons = {one["binding"]: one["reason"] for one in records if "reason" in one}
    for binding, tool, remedy in (
        ("cpp", "cmake", "cmake"),
        ("go", "go", "https://go.dev/dl"),
        ("java", "JDK", "https://adoptium.net"),
    ):
        missing, _, install = reasons[binding].partition("; install with: ")
        assert missing.startswith("not installed: ")
        assert tool in missing
        assert remedy in install
