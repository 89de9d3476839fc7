"""What people give in place of a SavedModel, and rows of the bad-input table nobody makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from stele import paths, savedmodel
from stele.contract.codes import Code, SteleError
from stele.parity import refusals
from tests.odd_models.wrong import make, rows, write


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_wrong_models(row: list[str], tmp_path: Path) -> None:
    given, code, message = row
    path = make(given, tmp_path)
    savedmodel.load_signatures(write(tmp_path / "right"))
    with pytest.raises(SteleError) as caught:
        savedmodel.load_signatures(path)
    text = given if "://" in given else str(path)
    assert caught.value.code.name == code
    assert caught.value.message == message.format(path=text, folder=path.parent)


def test_a_path_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SteleError) as caught:
        savedmodel.read(tmp_path / "file" / "model")
    assert caught.value.code is Code.NOT_FOUND


@pytest.mark.parametrize(
    "more",
    [
        '[load.nobody-makes-this]\ncode = "OK"',
        '[walk.x]\ncode = "OK"',
        '[run.wrong-nbytes]\ncode = "OK"',
    ],
)
def test_a_row_that_nobody_makes_is_an_error(more: str) -> None:
    text = (paths.bindings_dir() / "contract" / "refusals.toml").read_text()
    assert refusals.parse(text)
    changed = text.replace("[run.wrong-nbytes]\n", '[run.wrong-nbytes]\nkey = "x"\n')
    with pytest.raises(SteleError) as caught:
        refusals.parse(changed if "wrong-nbytes" in more else f"{text}\n{more}\n")
    assert "unknown" in caught.value.message
