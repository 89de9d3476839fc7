"""Text between two marks of a file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stele import marked
from stele.contract.codes import Code, SteleError


def test_only_what_is_between_the_marks_changes(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text("a\n<!-- one: begin -->\nold\n<!-- one: end -->\nb\n<!-- two: begin -->\nc\n")
    marked.replace(file, "one", "new\nlines")
    assert file.read_text() == (
        "a\n<!-- one: begin -->\nnew\nlines\n<!-- one: end -->\nb\n<!-- two: begin -->\nc\n"
    )
    for name in ("two", "three"):
        with pytest.raises(SteleError) as caught:
            marked.replace(file, name, "new")
        assert caught.value.code is Code.FAILED_PRECONDITION
        assert f"<!-- {name}: begin -->" in caught.value.message


def test_as_a_program(tmp_path: Path) -> None:
    file, text = tmp_path / "README.md", tmp_path / "table.md"
    file.write_text("<!-- one: begin -->\nold\n<!-- one: end -->\n")
    text.write_text("| new |\n")
    command = [sys.executable, "-m", "stele.marked", file]
    subprocess.run([*command, "one", text], check=True)
    assert file.read_text() == "<!-- one: begin -->\n| new |\n<!-- one: end -->\n"
    for arguments in (["two", text], ["one", tmp_path / "none"]):
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert done.stderr.startswith("stele.marked: ")
        assert "Traceback" not in done.stderr
