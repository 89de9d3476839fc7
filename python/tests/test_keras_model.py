"""How the names of an export find the inputs and outputs of the Keras model in memory."""

from __future__ import annotations

import pytest

from stele.contract.codes import Code, SteleError
from stele.keras_model import call


def test_inputs_are_matched_by_name() -> None:
    assert call.match(["b", "a"], ["a", "b"]) == {"a": "a", "b": "b"}


def test_names_that_keras_made_up_are_matched_in_order() -> None:
    tensors = ["keras_tensor_2", "keras_tensor_10", "x"]
    names = ["x", "keras_tensor", "keras_tensor_1"]
    assert call.match(tensors, names) == {
        "keras_tensor_2": "keras_tensor",
        "keras_tensor_10": "keras_tensor_1",
        "x": "x",
    }


@pytest.mark.parametrize(
    ("tensors", "names"),
    [(["a"], ["a", "b"]), (["a", "b"], ["a", "c"]), (["keras_tensor"], ["x"])],
)
def test_inputs_that_cannot_be_told_apart_are_refused(tensors, names) -> None:
    with pytest.raises(SteleError, match="are not those of the Keras model") as refused:
        call.match(tensors, names)
    assert refused.value.code is Code.FAILED_PRECONDITION


def test_outputs_are_named_as_the_export_names_them() -> None:
    assert call.outputs(1) == {"output_0": 1}
    assert call.outputs([1, 2]) == {"output_0": 1, "output_1": 2}
    assert call.outputs({"y": 1}) == {"y": 1}
