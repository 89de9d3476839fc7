"""What callers give as inputs, as arrays that can be sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from stele.contract import dtypes
from stele.contract.bundle import Tensors
from stele.contract.codes import Code, SteleError
from stele.contract.dtypes import Array
from stele.contract.signature import Signature

Inputs = Mapping[str, ArrayLike] | Iterable[tuple[str, ArrayLike]]


def as_tensors(inputs: Inputs, signature: Signature | None) -> Tensors:
    """Return inputs as arrays, in their order; a name may wrongly occur twice.

    A list of numbers takes the dtype of the signature's input if that can hold
    them; whatever has a dtype keeps it, and is judged by it. Text is UTF-8.

    Raises:
        SteleError: INVALID_ARGUMENT, naming the input.
    """
    pairs = inputs.items() if isinstance(inputs, Mapping) else inputs
    numbers = {spec.name: spec.number for spec in signature.inputs} if signature else {}
    tensors = []
    for name, value in pairs:
        try:
            dtype = dtypes.BY_NUMBER.get(numbers.get(name, 0))
            tensors.append((name, _as_array(value, dtype.numpy if dtype else None)))
        except (TypeError, ValueError, OverflowError) as error:
            raise SteleError(Code.INVALID_ARGUMENT, f'input "{name}": {error}') from error
    return tensors


def _as_array(value: ArrayLike, expected: np.dtype[Any] | None) -> Array:
    array = np.asarray(value)
    free = not hasattr(value, "dtype")
    if free and array.dtype.kind in "SUT":
        # numpy's fixed-width strings drop the NULs at an element's end.
        array = np.asarray(value, dtype=object)
    elif free and expected is not None and expected.kind != "O" and _fits(array, expected):
        array = np.asarray(value, dtype=expected)
    if array.dtype.kind in "OSUT":
        return _as_bytes(array)
    if array.dtype.byteorder == ">":
        array = array.astype(array.dtype.newbyteorder("="))
    dtypes.of(array)  # refuses what has no name
    return array


def _fits(array: Array, expected: np.dtype[Any]) -> bool:
    return np.can_cast(array.dtype, expected, "same_kind")


def _as_bytes(array: Array) -> Array:
    """Return elements of ``bytes``, the protocol's form of BYTES."""
    elements = array.reshape(-1).tolist()
    for index, element in enumerate(elements):
        if isinstance(element, str):
            elements[index] = element.encode()
        elif not isinstance(element, bytes):
            kind = type(element).__name__
            raise TypeError(f"element {index} is {kind}, neither bytes nor str")
    result = np.empty(len(elements), dtype=object)
    result[:] = elements
    return result.reshape(array.shape)
