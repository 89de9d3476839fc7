"""The torture model: complete, exact, and with shapes to be refused."""

from __future__ import annotations

import numpy as np
import pytest

from stele import savedmodel
from stele.contract.dtypes import BY_NAME, DTYPES, of
from stele.contract.signature import DEFAULT_TAGS
from stele.zoo import dtypes as model
from stele.zoo.dtype_values import counted, special
from stele.zoo.layout import SAVED_MODEL

from .runners import bits, session_runner, signature_runner, stored_cases


def test_every_dtype_at_every_rank():
    found = {
        (of(case.inputs["x"]).name, case.inputs["x"].ndim)
        for case in model.MODEL.cases()
        if "-rank" in case.name
    }
    assert found == {(dtype.name, rank) for dtype in DTYPES for rank in range(7)}


def test_few_enough_to_run_often():
    assert len(list(model.MODEL.cases())) <= 150


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.name)
def test_reversing_axes_or_elements_shows_in_every_asymmetric_case(dtype):
    matrix = counted(dtype, (2, 3))
    column_major = matrix.T.reshape(matrix.shape)
    assert bits({"x": matrix}) != bits({"x": column_major})
    assert bits({"x": matrix}) != bits({"x": matrix.reshape(-1)[::-1].reshape(2, 3)})


# IEEE 754 by hand: NaNs (quiet, signalling, negative), infinities, zeros, the smallest
# subnormals, the largest, the smallest normal, and the largest finite numbers.
SPECIAL_BITS = {
    "FP16": "7e01 7c03 fe05 7c00 fc00 0000 8000 0001 8001 03ff 0400 7bff fbff",
    "BF16": "7fc1 7f83 ffc5 7f80 ff80 0000 8000 0001 8001 007f 0080 7f7f ff7f",
    "FP32": "7fc00001 7f800003 ffc00005 7f800000 ff800000 00000000 80000000 00000001 80000001 "
    "007fffff 00800000 7f7fffff ff7fffff",
    "FP64": "7ff8000000000001 7ff0000000000003 fff8000000000005 7ff0000000000000 "
    "fff0000000000000 0000000000000000 8000000000000000 0000000000000001 8000000000000001 "
    "000fffffffffffff 0010000000000000 7fefffffffffffff ffefffffffffffff",
}


@pytest.mark.parametrize("name", SPECIAL_BITS)
def test_special_floats_are_these_bits(name):
    values = special(BY_NAME[name])["special"]
    size = values.itemsize
    assert [f"{bits:0{2 * size}x}" for bits in values.view(f"u{size}")] == SPECIAL_BITS[
        name
    ].split()


@pytest.mark.parametrize("name", ["C64", "C128"])
def test_special_values_are_in_both_parts_of_complex_numbers(name):
    values = special(BY_NAME[name])["special"]
    assert np.isnan(values.real).sum() == np.isnan(values.imag).sum() == 3
    assert (np.isnan(values.real) != np.isnan(values.imag)).any()


def test_special_strings():
    values = special(BY_NAME["BYTES"])
    assert any(b"\0" in text for text in values["nul"])
    with pytest.raises(UnicodeDecodeError):
        values["invalid-utf8"][0].decode()
    assert {len(text) for text in values["around-small"]} >= {22, 23}


def test_signature_and_session_move_every_element_as_numpy_does(trained):
    folder = trained("dtypes")
    by_signature = signature_runner(folder)
    with session_runner(folder) as by_session:
        for case, description, inputs in stored_cases(folder):
            signature = description["signature"]
            expected = bits(_EXPECTED.get(signature, _moved)(inputs))
            assert bits(by_signature(signature, inputs)) == expected, case
            assert bits(by_session(signature, inputs)) == expected, case


def _moved(inputs):
    x = inputs["x"]
    return {
        "same": x,
        "transposed": x.T.copy(),
        "reversed": x.reshape(-1)[::-1].copy(),
        "shape": np.array(x.shape, np.int64),
    }


def _matrices(inputs):
    def changed(x):
        if of(x).name == "BYTES":
            return x + x
        return ~x if x.dtype.kind in "biu" else -x

    return {f"{name}/transposed": x.T.copy() for name, x in inputs.items()} | {
        f"{name}/changed": changed(x) for name, x in inputs.items()
    }


def _rows(inputs):
    return {f"{name}/reversed": x[::-1].copy() for name, x in inputs.items()}


def _mixed(inputs):
    return {
        "two words": np.array([inputs["prefix"].item() + text for text in inputs["Texts"]], object),
        "größe/日本": np.array(inputs["x"].shape, np.int64),
        "tab\there": inputs["x_0"].T.copy(),
        "line\nbreak": ~inputs["FLAG"],
        "back\\slash": inputs["lambda_"].T.copy(),
        'x:0 "quoted"': inputs["x"],
    }


_EXPECTED = {"matrices": _matrices, "rows": _rows, "mixed": _mixed}


def test_shapes_are_unknown_partly_known_and_fixed(trained):
    found = savedmodel.load_signatures(trained("dtypes") / SAVED_MODEL, DEFAULT_TAGS)
    inputs = {name: {t.name: (t.dtype, t.shape) for t in s.inputs} for name, s in found.items()}
    for dtype in DTYPES:
        name = dtype.name.lower()
        assert inputs[name] == {"x": (dtype.name, None)}
        assert inputs["matrices"][name] == (dtype.name, (2, 3))
        assert inputs["rows"][name] == (dtype.name, (None, 3))
    assert inputs["mixed"] == {
        "FLAG": ("BOOL", ()),
        "Texts": ("BYTES", (None,)),
        "lambda_": ("FP64", (None, 3)),
        "prefix": ("BYTES", ()),
        "x": ("BF16", None),
        "x_0": ("INT64", (2, None, 4)),
    }
