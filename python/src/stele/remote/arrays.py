"""What callers give as inputs, as arrays that can be sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from stele.contract import dtypes
from stele.contract.arrays import as_array
from stele.contract.bundle import Tensors
from stele.contract.codes import Code, SteleError
from stele.contract.dtypes import Array
from stele.contract.names import require_name
from stele.contract.signature import Signature, check_names

Inputs = Mapping[str, ArrayLike] | Iterable[tuple[str, ArrayLike]]


def as_tensors(inputs: Inputs, signature: Signature | None) -> Tensors:
    """Return inputs as arrays, in their order.

    They are converted as `stele.contract.arrays` says, text to UTF-8. Names come first: of
    a wrong one nothing is converted.

    Raises:
        SteleError: INVALID_ARGUMENT, naming the input.
    """
    pairs = list(inputs.items() if isinstance(inputs, Mapping) else inputs)
    names = [require_name(name) for name, _ in pairs]
    if signature is not None:
        check_names(signature, names)
    numbers = {spec.name: spec.number for spec in signature.inputs} if signature else {}
    tensors = []
    for name, value in pairs:
        try:
            dtype = dtypes.BY_NUMBER.get(numbers.get(name, 0))
            tensors.append((name, _as_array(value, dtype.numpy if dtype else None)))
        except (TypeError, ValueError, OverflowError) as error:
            raise SteleError(Code.INVALID_ARGUMENT, f'input "{name}": {error}') from error
    return tensors


def by_name_only(unnamed: tuple[object, ...], signature: Signature | None) -> None:
    """Refuse arguments without a name: nobody knows which inputs they are.

    Raises:
        SteleError: INVALID_ARGUMENT, naming the inputs.
    """
    if unnamed:
        names = ", ".join(f'"{spec.name}"' for spec in signature.inputs) if signature else ""
        known = f'; signature "{signature.name}" has {names or "none"}' if signature else ""
        raise SteleError(Code.INVALID_ARGUMENT, f"inputs are given by name{known}")


def _as_array(value: object, expected: np.dtype[Any] | None) -> Array:
    array = as_array(value, expected)
    if array.dtype.kind in "OSUT":
        return _as_bytes(array)
    dtypes.of(array)  # refuses what has no name
    return array


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
