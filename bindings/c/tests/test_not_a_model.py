"""What people give in place of a SavedModel: the contract's table, row by row."""

import sys
from pathlib import Path

import pytest

# One maker of these folders for all languages.
sys.path.insert(0, str(Path(__file__).parents[3] / "python" / "tests"))

from test_wrong_models import make, rows


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_wrong_models(worker, tmp_path, row):
    given, code, message = row
    path = make(given, tmp_path)
    text = given if "://" in given else str(path)
    expected = message.format(path=text, folder=path.parent)
    assert worker.ask("load", text, "serve", "default") == ["error", code, expected]
