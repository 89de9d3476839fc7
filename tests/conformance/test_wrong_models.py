"""What people give in place of a SavedModel: the contract's table, row by row."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.player import Player
from tests.odd_models.wrong import make, rows


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_wrong_models(worker: Player, tmp_path: Path, row: list[str]) -> None:
    base = worker.digits()
    if row[0] == "versions" and not worker.binding.in_process:
        pytest.skip("a server takes a folder of versions for what it is")
    given, code, message = row
    path = make(given, tmp_path)
    text = given if "://" in given else str(path)
    expected = message.format(path=text, folder=path.parent)
    assert worker.refused(code, "load", text, "serve", "default") == expected
    worker.run_bundle(base.signature, base.inputs)
