"""Inputs that are not numpy arrays, as `numpy.asarray` sees them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def as_array(value: object, dtype: np.dtype[Any] | None) -> NDArray[Any]:
    """Return a value as an array, of the dtype asked for if it has none of its own.

    A list of Python numbers becomes the dtype of the input when that can hold
    them; anything that has a dtype keeps it, and is judged by it.

    Raises:
        ValueError: A ragged list.
        OverflowError: A number too large for the dtype.
    """
    natural = np.asarray(value)
    if not hasattr(value, "dtype") and natural.dtype.kind in "SU":
        # numpy's strings of a fixed width drop the NULs at an element's end.
        return np.asarray(value, dtype=object)
    if dtype is None or hasattr(value, "dtype") or dtype == natural.dtype:
        return natural
    if dtype.kind == "O" or not np.can_cast(natural.dtype, dtype, "same_kind"):
        return natural
    return np.asarray(value, dtype=dtype)
