"""Strategies of hypothesis for the inputs of a signature.

Numbers are drawn as bits: each value that a dtype has can come out, NaN payloads,
subnormals and extremes among them, and what is shrunk becomes zero.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache

import ml_dtypes
import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stele.contract import dtypes
from stele.contract.dtypes import Array, DType
from stele.contract.signature import Signature, TensorSpec
from stele.parity import generate
from stele.parity.expected import ANYTHING, Expected
from stele.parity.generate import Sizes

_MOST_ROWS = 4
_OTHERS = (None, 1, 2, 7, 16)
# Of strings so many are drawn; they are repeated in larger tensors.
_MOST_STRINGS = 12
_LONGEST_STRING = 20


@st.composite
def inputs(
    draw: st.DrawFn, signature: Signature, expected: Mapping[str, Expected]
) -> dict[str, Array]:
    """Draw an array for each input.

    Args:
        draw: Hypothesis's.
        signature: Whose inputs are wanted.
        expected: What the graph expects of them, by name.
    """
    batch = draw(st.integers(0, _MOST_ROWS))
    sizes = Sizes(others=draw(st.sampled_from(_OTHERS)))
    return {
        spec.name: draw(_array(spec, sizes.fill(spec, batch), expected.get(spec.name, ANYTHING)))
        for spec in signature.inputs
    }


@cache
def _array(
    spec: TensorSpec, shape: tuple[int, ...], expected: Expected
) -> st.SearchStrategy[Array]:
    dtype = dtypes.BY_NUMBER[spec.number]
    if dtype.name == "BYTES":
        return _strings(shape, expected)
    if dtype.name == "BOOL":
        return hnp.arrays(np.bool_, shape)
    if dtype.numpy.kind == "c":
        half = np.dtype(f"f{dtype.itemsize // 2}")
        parts = _numbers(half, (*shape, 2), _float_bits(half))
        return parts.map(lambda array: array.view(dtype.numpy).reshape(shape))
    return _numbers(dtype.numpy, shape, _bits(dtype, expected))


def _numbers(
    dtype: np.dtype[np.generic], shape: tuple[int, ...], bits: st.SearchStrategy[int]
) -> st.SearchStrategy[Array]:
    """Draw an array by the bits of its elements; most of a large one are zeros."""
    unsigned = np.dtype(f"u{dtype.itemsize}")
    arrays = hnp.arrays(unsigned, shape, elements=bits, fill=st.just(0))
    return arrays.map(lambda array: array.view(dtype))


def _bits(dtype: DType, expected: Expected) -> st.SearchStrategy[int]:
    if dtype.numpy.kind not in "iu":
        return _float_bits(dtype.numpy)
    below = (expected.rows or 8) - 1
    limits = np.iinfo(dtype.numpy)
    small = st.integers(0, min(below, int(limits.max)))
    extremes = st.sampled_from([int(limits.max), int(limits.min), 0, 1])
    modulus = 1 << 8 * dtype.itemsize
    return st.one_of(small, extremes, _any_bits(dtype.itemsize)).map(lambda value: value % modulus)


def _float_bits(dtype: np.dtype[np.generic]) -> st.SearchStrategy[int]:
    unsigned = np.dtype(f"u{dtype.itemsize}")
    limits = ml_dtypes.finfo(dtype)  # type: ignore[no-untyped-call]
    special = np.array(
        [0, -0.0, 1, -1, np.inf, -np.inf, np.nan, limits.max, limits.min, limits.tiny,
         limits.smallest_subnormal, limits.eps],
        dtype=dtype,
    )  # fmt: skip

    def of(value: float) -> int:
        return int(np.array(value, dtype=dtype).view(unsigned)[()])

    return st.one_of(
        st.floats(-4, 4).map(of),
        st.sampled_from([int(bits) for bits in special.view(unsigned)]),
        _any_bits(dtype.itemsize),
    )


def _any_bits(nbytes: int) -> st.SearchStrategy[int]:
    return st.integers(0, (1 << 8 * nbytes) - 1)


def _strings(shape: tuple[int, ...], expected: Expected) -> st.SearchStrategy[Array]:
    count = math.prod(shape)
    element = st.one_of(
        st.sampled_from(generate.strings(expected)),
        st.sampled_from(generate.EDGE_BYTES),
        st.binary(max_size=_LONGEST_STRING),
    )
    drawn = min(count, _MOST_STRINGS)

    def filled(values: list[bytes]) -> Array:
        result = np.empty(count, dtype=object)
        result[:] = [values[index % drawn] for index in range(count)]
        return result.reshape(shape)

    return st.lists(element, min_size=drawn, max_size=drawn).map(filled)
