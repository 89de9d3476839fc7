"""The rows of bad input that depend on what a signature requires."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stele.contract.bundle import read_bundle
from stele.contract.signature import Signature, TensorSpec
from stele.parity import bad_input


@pytest.mark.parametrize(
    ("inputs", "missing"),
    [
        ({"a": "required"}, "a"),
        ({"a": "required", "b": "required"}, "a"),
        ({"a": "optional", "b": "required"}, "b"),
        # Nobody can miss an input: there is no such row.
        ({"a": "optional"}, None),
        ({"a": "optional", "b": "optional"}, None),
    ],
)
def test_an_input_with_a_default_is_never_missed(tmp_path: Path, inputs, missing) -> None:
    specs = [
        TensorSpec(name, 1, (None,), name, kind == "optional") for name, kind in inputs.items()
    ]
    values = {name: np.ones(2, np.float32) for name in inputs}
    spoiler = bad_input._Spoiler(Signature("s", tuple(specs), (), ""), values, tmp_path)
    words = spoiler.spoil("missing-input")
    assert (words and words["input"]) == missing
    if missing is not None:
        assert set(read_bundle(tmp_path / "missing-input")) == set(inputs) - {missing}
