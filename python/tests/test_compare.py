"""Distances, against numpy's own idea of neighbouring floats."""

from __future__ import annotations

import json

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stele.contract.bundle import RawTensor
from stele.contract.dtypes import BY_NAME, DTYPES
from stele.parity.compare import TOLERANCES, compare

FLOATS = {"FP16": np.float16, "FP32": np.float32, "FP64": np.float64}


def distance(expected, got, *, same_class=False):
    raw = (RawTensor.of(np.asarray(array)) for array in (expected, got))
    return compare("y", *raw, same_class=same_class)


@pytest.mark.parametrize("name", FLOATS)
@given(data=st.data())
def test_ulp_counts_the_steps_of_nextafter(name, data) -> None:
    dtype = FLOATS[name]
    width = np.dtype(dtype).itemsize * 8
    start = dtype(data.draw(st.floats(-100, 100, width=width)))
    steps = data.draw(st.integers(1, 5))
    end = start
    for _ in range(steps):
        end = np.nextafter(end, dtype(np.inf))
    # Both zeros are one point of the scale: crossing them takes no step more.
    found = distance([start], [end], same_class=True)
    assert found.ulp == steps
    assert found.problem


@pytest.mark.parametrize("name", ["FP16", "BF16", "FP32", "FP64"])
def test_the_tolerance_has_an_edge(name) -> None:
    dtype = np.dtype(FLOATS.get(name, ml_dtypes.bfloat16))
    unsigned = np.dtype(f"u{dtype.itemsize}")
    # Large enough that the absolute bound does not help.
    start = np.array([1000.0], dtype=dtype)
    steps = TOLERANCES[name].ulp
    inside = (start.view(unsigned) + unsigned.type(steps)).view(dtype)
    outside = (start.view(unsigned) + unsigned.type(steps + 1)).view(dtype)
    assert not distance(start, inside).problem
    assert distance(start, outside).problem
    assert distance(start, inside, same_class=True).problem


def test_tiny_numbers_are_judged_by_their_absolute_distance() -> None:
    found = distance(np.float32([1e-30]), np.float32([2e-30]))
    assert found.ulp > 1000
    assert not found.problem
    assert not found.identical


def test_zeros_and_nan_payloads_differ_only_inside_a_class() -> None:
    zeros = np.float32([0.0]), np.float32([-0.0])
    nans = (np.uint32([0x7FC00000]).view(np.float32), np.uint32([0x7FC00001]).view(np.float32))
    for expected, got in (zeros, nans):
        across = distance(expected, got)
        assert (across.problem, across.ulp, across.identical) == ("", 0, False)
        inside = distance(expected, got, same_class=True)
        assert "-0.0 or a NaN's payload" in inside.problem


def test_nan_against_a_number_fails_everywhere() -> None:
    found = distance(np.float32([1.0, np.nan]), np.float32([1.0, 2.0]))
    assert "NaN against a number" in found.problem
    assert found.ulp is None


def test_infinite_distance_is_json() -> None:
    found = distance(np.float32([np.inf]), np.float32([1.0]))
    assert found.problem
    assert json.loads(json.dumps(found.record(), allow_nan=False))["absolute"] == "inf"


def test_exact_dtypes_have_no_tolerance() -> None:
    assert distance(np.int32([1, 2]), np.int32([1, 3])).problem == "1 of 2 elements differ"
    strings = np.array([b"a", b"b"], dtype=object), np.array([b"a", b"c"], dtype=object)
    assert distance(*strings).differing == 1
    assert distance(np.array([True]), np.array([False])).problem


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("name", TOLERANCES)
def test_nan_against_infinity_fails_everywhere(name, sign) -> None:
    # The first NaN is one step from infinity, well within the ULP.
    dtype = parts(name)
    unsigned = np.dtype(f"u{dtype.itemsize}")
    infinity = np.array([sign * np.inf, 0], dtype=dtype)
    nan = infinity.copy()
    nan.view(unsigned)[0] += unsigned.type(1)
    whole = np.dtype(BY_NAME[name].numpy) if name.startswith("C") else dtype
    for expected, got in ((infinity, nan), (nan, infinity)):
        found = distance(expected.view(whole), got.view(whole))
        assert "NaN against a number" in found.problem
        assert json.dumps(found.record(), allow_nan=False)


@pytest.mark.parametrize("name", TOLERANCES)
def test_the_absolute_bound_has_an_edge(name) -> None:
    dtype = parts(name)
    unsigned = np.dtype(f"u{dtype.itemsize}")
    # Against 0 every number is far in ULP: the bound alone decides.
    inside = np.array([TOLERANCES[name].absolute, 0], dtype=dtype)
    if float(inside[0]) > TOLERANCES[name].absolute:
        inside.view(unsigned)[0] -= unsigned.type(1)
    outside = inside.copy()
    outside.view(unsigned)[0] += unsigned.type(1)
    zeros = np.zeros(2, dtype=dtype)
    whole = np.dtype(BY_NAME[name].numpy) if name.startswith("C") else dtype
    for sign in (1, -1):
        assert not distance(zeros.view(whole), (sign * inside).view(whole)).problem
        assert distance(zeros.view(whole), (sign * outside).view(whole)).problem


# The bounds themselves: a change of one is a change of what stele promises.
BOUNDS = {
    "FP16": (2, 2e-3), "BF16": (2, 1.6e-2), "FP32": (8, 1e-6), "FP64": (8, 2e-15),
    "C64": (8, 1e-6), "C128": (8, 2e-15),
}  # fmt: skip


def test_every_inexact_dtype_has_its_tolerance() -> None:
    assert {name: (t.ulp, t.absolute) for name, t in TOLERANCES.items()} == BOUNDS
    assert set(TOLERANCES) == {dtype.name for dtype in DTYPES if not dtype.exact}


def parts(name):
    """Return the dtype of a float, or of the parts of a complex number."""
    dtype = np.dtype(BY_NAME[name].numpy)
    return np.dtype(f"f{dtype.itemsize // 2}") if dtype.kind == "c" else dtype


@pytest.mark.parametrize("name", BY_NAME)
def test_every_mismatch_is_json(name) -> None:
    dtype = BY_NAME[name]
    values = [b"a", b"b", b"c"] if name == "BYTES" else [0, 1, 1]
    others = [b"a", b"c", b"b"] if name == "BYTES" else [0, 0, 0]
    found = distance(np.array(values, dtype.numpy), np.array(others, dtype.numpy))
    assert json.loads(json.dumps(found.record(), allow_nan=False))["differing"] == 2
    assert found.problem.startswith("2 of ")


def test_bytes_that_are_no_tensor_are_named_when_they_differ() -> None:
    good = RawTensor(BY_NAME["BOOL"], (2,), b"\0\1")
    bad = RawTensor(BY_NAME["BOOL"], (2,), b"\0\2")
    with pytest.raises(ValueError, match='tensor "y" has a BOOL byte other than 0 and 1'):
        compare("y", good, bad, same_class=False)


def test_dtype_and_shape_come_first() -> None:
    assert distance(np.float32([1]), np.float64([1])).problem == "dtype FP64, expected FP32"
    assert distance(np.float32([1]), np.float32([[1]])).problem == "shape [1, 1], expected [1]"


def test_complex_numbers_are_pairs() -> None:
    expected = np.complex64([1 + 2j])
    got = np.array([1 + 2j], dtype=np.complex64)
    got.imag[0] = np.nextafter(np.float32(2), np.float32(3))
    assert distance(expected, got).ulp == 1
    assert not distance(expected, got).problem
    assert distance(expected, got, same_class=True).problem


def test_empty_tensors_are_identical() -> None:
    empty = np.zeros((0, 3), np.float32)
    assert distance(empty, empty, same_class=True).identical
