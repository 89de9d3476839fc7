"""What TensorFlow's refusals mean to a person."""

from __future__ import annotations

import pytest

from stele.contract.codes import Code
from stele.parity.conversation import Answer
from stele.parity.explain import reason, refusal


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("'_UserObject' object has no attribute 'add_slot'", "Keras 2 optimizer"),
        ("'in' is not a valid parameter name", "Rename the input".lower()),
        ("Shapes must be equal rank, but are 2 and 0", "build_tensor_info"),
        ("Output 0 of node 'AssignAdd' has a reference type float_ref", "sessions run it"),
        ("Node: 'hash_table_Lookup' Table not initialized.", "main_op"),
        ("Unsuccessful: Failed to find any matching files for /m/net[v2]/variables", "[, * and ?"),
        ("Could not find variable dense/kernel. This could mean", "model.export()"),
        ("Op type not registered 'MyOp' in binary running on host", "load the library"),
    ],
)
def test_known_refusals_say_what_to_do(message, words):
    answer = Answer(code=Code.INTERNAL, message=message)
    assert words in refusal(answer)
    assert reason(answer) == refusal(answer)


def test_what_is_not_known_is_the_error_on_one_line():
    answer = Answer(code=Code.INTERNAL, message="one\n two")
    assert refusal(answer) == ""
    run = "Shapes must be equal rank, but are 2 and 0 for '{{node Pack}}'"
    assert refusal(Answer(code=Code.INVALID_ARGUMENT, message=run)) == ""
    assert reason(answer) == "INTERNAL: one two"
