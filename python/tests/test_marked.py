"""Text between two marks of a file."""

from __future__ import annotations

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
