"""Distances, against numpy's own idea of neighbouring floats."""

from __future__ import annotations

import json

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stele.parity.compare import TOLERANCES, compare

FLOATS = {"FP16": np.float16, "FP32": np.float32, "FP64": np.float64}


def distance(expected, got, *, same_class=False):
    return compare("y", np.asarray(expected), np.asarray(got), same_class=same_class)


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
