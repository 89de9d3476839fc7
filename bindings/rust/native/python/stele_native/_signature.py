"""What a model can be asked: plain data, made by the compiled module."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """An input or output of a signature.

    Attributes:
        name: The name that a caller uses.
        dtype_name: The element type as ``FP32``, ``INT64``, ``BYTES``, …
        dtype: The same as numpy sees it: ``ml_dtypes.bfloat16`` for BF16,
            ``object`` for BYTES, None for one that cannot be given.
        shape: The dimensions, None for one that is unknown; None if even their
            number is.
        default: What an input is that is not given; None if it must be.
    """

    name: str
    dtype_name: str
    dtype: np.dtype[Any] | None
    shape: tuple[int | None, ...] | None
    # Arrays have no equality that is one value.
    default: NDArray[Any] | None = field(default=None, compare=False)

    def __str__(self) -> str:
        """Show it as ``image FP32 [?,8,8,1]``."""
        return f"{self.name} {self.dtype_name} {self._shape()}"

    def _shape(self) -> str:
        if self.shape is None:
            return "?"
        return "[" + ",".join("?" if dim is None else str(dim) for dim in self.shape) + "]"


@dataclass(frozen=True, slots=True)
class Signature:
    """One way to call a model.

    Attributes:
        name: Its name, often ``serving_default``.
        inputs: The inputs, sorted by name.
        outputs: The outputs, sorted by name.
    """

    name: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
