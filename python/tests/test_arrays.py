"""What can stand for an input, and as which dtype it is judged."""

from __future__ import annotations

import array
from enum import IntEnum
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from stele.contract.arrays import as_array

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


class Frame:
    """Carries its dtype as data frames and tensors of other libraries do."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.asarray(self.values, dtype=dtype)


class Capsule:
    """Carries its dtype by DLPack alone."""

    def __init__(self, values: np.ndarray) -> None:
        self.__dlpack__ = values.__dlpack__
        self.__dlpack_device__ = values.__dlpack_device__


class Broken:
    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        raise RuntimeError("on another device")


class Digit(IntEnum):
    SEVEN = 7


ENDLESS: list[Any] = []
ENDLESS.append(ENDLESS)


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        ([255], np.uint8, [255]),
        ([[1, 2], [3, 4]], np.float16, [[1, 2], [3, 4]]),
        (range(3), np.float32, [0, 1, 2]),
        (Digit.SEVEN, np.int8, 7),
        ([2**63], np.uint64, [2**63]),
        ([2**64], np.float32, [2.0**64]),
        ([1, 2.5], np.float64, [1, 2.5]),
        ([1, 2j], np.complex64, [1, 2j]),
        ([float("inf")], np.float32, [float("inf")]),
        ([True, False], np.bool_, [True, False]),
        ([0.5, 3], BFLOAT16, [0.5, 3]),
        ([[np.float32(1), 2]], np.float32, [[1, 2]]),
        ([np.zeros(2, np.int8), [1, 2]], np.int8, [[0, 0], [1, 2]]),
    ],
)
def test_values_take_the_dtype_asked_for(value, dtype, expected) -> None:
    found = as_array(value, np.dtype(dtype))
    assert found.dtype == dtype
    assert found.tolist() == expected


@pytest.mark.parametrize("dtype", [np.uint8, np.bool_, np.float32, np.complex128, np.object_])
def test_an_empty_list_takes_the_dtype_asked_for(dtype) -> None:
    for value, shape in (([], (0,)), ([[], []], (2, 0))):
        found = as_array(value, np.dtype(dtype))
        assert (found.dtype, found.shape) == (dtype, shape)


@pytest.mark.parametrize(
    ("value", "dtype", "words"),
    [
        ([256], np.uint8, "out of bounds for uint8"),
        ([-1], np.uint64, "out of bounds for uint64"),
        ([2**64], np.int64, "too large"),
        ([1e39], np.float32, "1e+39 does not fit float32"),
        ([1e39], np.complex64, "(1e+39+0j) does not fit complex64"),
        (70000, np.float16, "70000.0 does not fit float16"),
        ([1e39, 1], BFLOAT16, "does not fit bfloat16"),
        ([np.float32(1), 1e39], np.float32, "does not fit float32"),
        ([10**400], np.float64, "too large"),
    ],
)
def test_what_does_not_fit_is_refused(value, dtype, words) -> None:
    with pytest.raises(OverflowError) as caught:
        as_array(value, np.dtype(dtype))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("value", "dtype", "own"),
    [
        ([1.5], np.int32, np.float64),
        ([1], np.bool_, np.int64),
        ([True], np.float32, np.bool_),
        ([1j], np.float32, np.complex128),
        ([1], np.object_, np.int64),
        (np.float64(1), np.float32, np.float64),
        ([np.float64(1)], np.float32, np.float64),
        ([np.zeros(2), np.ones(2)], np.float32, np.float64),
        (array.array("d", [1, 2]), np.float32, np.float64),
        ([array.array("h", [1, 2])], np.int8, np.int16),
        (memoryview(b"ab"), np.float32, np.uint8),
        (bytearray(b"ab"), np.object_, np.uint8),
        (Frame(np.ones(2)), np.float32, np.float64),
        ([Frame(np.ones(2))], np.float32, np.float64),
        (Capsule(np.ones(2)), np.float32, np.float64),
    ],
)
def test_whatever_carries_a_dtype_is_judged_by_it(value, dtype, own) -> None:
    assert as_array(value, np.dtype(dtype)).dtype == own


@pytest.mark.parametrize(
    ("value", "dtype", "words"),
    [
        (
            np.array([1.5, 2], object),
            np.float32,
            'objects (float, int), not numbers; give an array of "float32"',
        ),
        (Frame(np.array([["a", 1]], object)), np.float32, "objects (int, str), not numbers"),
        ([1, None], np.float32, "objects (NoneType, int)"),
        ((x for x in [1]), np.float32, "objects (generator)"),
        ([np.float32(1), np.float64(1)], np.float32, "several dtypes: float32, float64"),
        ([np.int32(1), 1.5], np.int32, "arrays of int32 beside float"),
        (Broken(), np.float32, "Broken gives no array: on another device"),
        ([Broken()], np.float32, "list gives no array: on another device"),
    ],
)
def test_what_is_no_array_of_numbers_is_said_in_words_of_numbers(value, dtype, words) -> None:
    with pytest.raises(TypeError) as caught:
        as_array(value, np.dtype(dtype))
    assert words in str(caught.value)


@pytest.mark.parametrize("value", [[[1], [1, 2]], ENDLESS])
def test_lists_that_are_no_array(value) -> None:
    with pytest.raises(ValueError, match=r"inhomogeneous|maximum number of dimension"):
        as_array(value, np.dtype(np.float32))


def test_strings_keep_their_nuls() -> None:
    for value in ([b"a\0", "b\0"], [np.bytes_(b"a\0"), np.str_("b\0")]):
        found = as_array(value, np.dtype(object))
        assert found.dtype == object
        assert found.tolist() == [b"a\0", "b\0"]
    assert as_array(np.str_("b\0"), np.dtype(object)).item() == "b\0"
    assert as_array(["text"], np.dtype(np.float32)).dtype == object, "refused as BYTES"


def test_a_subclass_has_no_say() -> None:
    class Liar(np.ndarray):
        """Answers with a view of one element, as large as one likes."""

        def astype(self, *_arguments: Any, **_options: Any) -> Any:
            return np.broadcast_to(np.float32(1), (1000, 1000))

        copy = ravel = reshape = tolist = __array__ = astype

    given = np.arange(6, dtype=">f4").reshape(2, 3).T.view(Liar)
    found = as_array(given, np.dtype(np.float32))
    assert type(found) is np.ndarray
    assert found.flags.c_contiguous
    assert (found.dtype, found.tolist()) == (np.float32, [[0, 3], [1, 4], [2, 5]])


def test_memory_is_shared_where_it_can_be() -> None:
    given = np.zeros(3, np.float32)
    assert np.shares_memory(as_array(given, given.dtype), given)
    assert as_array(given, None).dtype == np.float32
