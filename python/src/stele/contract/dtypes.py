"""The dtypes of the worker protocol and what they are called elsewhere.

Names are those of the Open Inference Protocol, plus C64 and C128; numbers are
tensorflow.DataType's (tensorflow/core/framework/types.proto).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class DType:
    """One dtype.

    Attributes:
        name: The protocol's name, such as ``FP32``.
        number: tensorflow.DataType's number.
        numpy: The numpy dtype; ``object`` (of ``bytes``) for BYTES.
        exact: Whether two classes must agree bit for bit too (not a float).
    """

    name: str
    number: int
    numpy: np.dtype[Any]
    exact: bool

    @property
    def itemsize(self) -> int:
        """Bytes of one element; 0 for BYTES, whose elements vary."""
        return 0 if self.name == "BYTES" else self.numpy.itemsize


def _dtype(name: str, number: int, numpy: Any, *, exact: bool = True) -> DType:  # noqa: ANN401
    return DType(name, number, np.dtype(numpy), exact)


DTYPES: tuple[DType, ...] = (
    _dtype("BOOL", 10, np.bool_),
    _dtype("INT8", 6, np.int8),
    _dtype("INT16", 5, np.int16),
    _dtype("INT32", 3, np.int32),
    _dtype("INT64", 9, np.int64),
    _dtype("UINT8", 4, np.uint8),
    _dtype("UINT16", 17, np.uint16),
    _dtype("UINT32", 22, np.uint32),
    _dtype("UINT64", 23, np.uint64),
    _dtype("FP16", 19, np.float16, exact=False),
    _dtype("BF16", 14, ml_dtypes.bfloat16, exact=False),
    _dtype("FP32", 1, np.float32, exact=False),
    _dtype("FP64", 2, np.float64, exact=False),
    _dtype("C64", 8, np.complex64, exact=False),
    _dtype("C128", 18, np.complex128, exact=False),
    _dtype("BYTES", 7, np.object_),
)

BY_NAME = {dtype.name: dtype for dtype in DTYPES}
BY_NUMBER = {dtype.number: dtype for dtype in DTYPES}
_BY_NUMPY = {dtype.numpy: dtype for dtype in DTYPES}


def of(array: Array) -> DType:
    """Return the dtype of a numpy array; object arrays are BYTES.

    Raises:
        TypeError: The protocol has no name for the array's dtype.
    """
    dtype = _BY_NUMPY.get(array.dtype)
    if dtype is None:
        names = ", ".join(dtype.name for dtype in DTYPES)
        raise TypeError(f"no dtype of the protocol is numpy {array.dtype}; there are {names}")
    return dtype


def base(number: int) -> int:
    """Return the tensorflow.DataType that a reference's (DT_*_REF, above 100) refers to."""
    return number - 100 if number > 100 else number


def name_of_number(number: int) -> str:
    """Return the protocol's name of a tensorflow.DataType, or ``TF_<number>``."""
    dtype = BY_NUMBER.get(number)
    return dtype.name if dtype is not None else f"TF_{number}"
