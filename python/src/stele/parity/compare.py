"""How far two tensors are apart: bits, ULP, absolute, relative."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from stele.contract import dtypes
from stele.contract.bundle import RawTensor
from stele.contract.dtypes import Array


@dataclass(frozen=True)
class Tolerance:
    """How far bindings of different classes may be apart, element by element.

    An element passes when it is within either bound: ULP alone would judge the
    tail of a softmax (1e-30 or 2e-30) by what no user can see.
    """

    ulp: int
    absolute: float


# Two fused or reordered float operations differ by a few ULP; the absolute
# bound is a few epsilons of the dtype at magnitude 1.
TOLERANCES = {
    "FP16": Tolerance(2, 2e-3),
    "BF16": Tolerance(2, 1.6e-2),
    "FP32": Tolerance(8, 1e-6),
    "FP64": Tolerance(8, 2e-15),
    "C64": Tolerance(8, 1e-6),
    "C128": Tolerance(8, 2e-15),
}

_UNSIGNED: dict[int, type[np.unsignedinteger[Any]]] = {2: np.uint16, 4: np.uint32, 8: np.uint64}


@dataclass(frozen=True)
class Distance:
    """What sets one output apart from its reference.

    Attributes:
        name: The output.
        problem: What is wrong in words; empty when the tensor passes.
        dtype: Of the reference.
        shape: Of the reference.
        identical: Whether all bits are the same.
        ulp: The largest distance in units in the last place; None where it has
            no meaning (integers, strings, a NaN against a number).
        absolute: The largest absolute difference.
        relative: The largest difference relative to the reference.
        differing: How many elements differ in a bit.
    """

    name: str
    problem: str
    dtype: str
    shape: tuple[int, ...]
    identical: bool
    ulp: int | None = None
    absolute: float | None = None
    relative: float | None = None
    differing: int = 0

    def record(self) -> dict[str, Any]:
        """Return it as a JSON object without what it has no value for.

        JSON has no infinity: such a difference is written as a string.
        """
        return {
            key: str(value) if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in asdict(self).items()
            if value is not None
        }


def compare(name: str, expected: RawTensor, got: RawTensor, *, same_class: bool) -> Distance:
    """Compare one output with its reference.

    Args:
        name: The output's name.
        expected: The reference's tensor.
        got: The binding's tensor; decoded only if its bytes are others.
        same_class: Whether every bit must agree: -0.0 and NaN payloads too.

    Raises:
        ValueError: What was got is no tensor of its dtype and shape.
    """
    dtype = expected.dtype

    def distance(problem: str, **numbers: Any) -> Distance:  # noqa: ANN401
        return Distance(name, problem, dtype.name, expected.shape, identical=not problem, **numbers)

    if got.dtype is not dtype:
        return distance(f"dtype {got.dtype.name}, expected {dtype.name}")
    if got.shape != expected.shape:
        return distance(f"shape {list(got.shape)}, expected {list(expected.shape)}")
    if got.data == expected.data:
        return distance("", **({} if dtype.exact else {"ulp": 0, "absolute": 0.0, "relative": 0.0}))
    if dtype.exact:
        wrong = expected.decode() != _decode(name, got)
        differing = int(np.count_nonzero(wrong))
        return distance(f"{differing} of {wrong.size} elements differ", differing=differing)
    return _compare_floats(
        name, dtype, expected.decode(), _decode(name, got), same_class=same_class
    )


def _decode(name: str, tensor: RawTensor) -> Array:
    try:
        return tensor.decode()
    except ValueError as error:
        raise ValueError(f'tensor "{name}" {error}') from error


def _compare_floats(
    name: str, dtype: dtypes.DType, expected: Array, got: Array, *, same_class: bool
) -> Distance:
    ours, theirs = _parts(got), _parts(expected)
    bits = _bits(ours) != _bits(theirs)
    with np.errstate(all="ignore"):  # signalling NaNs, differences of infinities
        both_nan = np.isnan(ours) & np.isnan(theirs)
        one_nan = np.isnan(ours) ^ np.isnan(theirs)
        steps = np.where(both_nan, 0, _ulp(ours, theirs))
        a, b = ours.astype(np.float64), theirs.astype(np.float64)
        absolute = np.where(both_nan | (a == b), 0.0, np.abs(a - b))
        relative = np.where(absolute == 0, 0.0, absolute / np.abs(b))
    tolerance = TOLERANCES[dtype.name]
    if same_class:
        wrong = bits
    else:
        wrong = one_nan | ~((steps <= tolerance.ulp) | (absolute <= tolerance.absolute))
    count = int(np.count_nonzero(wrong))
    worst = None if one_nan.any() else int(steps.max())
    problem = ""
    if count:
        how = "NaN against a number" if worst is None else f"up to {worst} ULP"
        problem = f"{count} of {wrong.size} elements differ, {how}"
        if worst == 0:
            problem += " (-0.0 or a NaN's payload)"
    return Distance(
        name,
        problem,
        dtype.name,
        expected.shape,
        identical=False,
        ulp=worst,
        absolute=_largest(absolute),
        relative=_largest(relative),
        differing=int(np.count_nonzero(bits)),
    )


def _parts(array: Array) -> Array:
    """Return complex numbers as pairs of reals, and other arrays as they are."""
    flat = np.ascontiguousarray(array).reshape(-1)
    if flat.dtype.kind == "c":
        return flat.view(flat.real.dtype)
    return flat


def _bits(array: Array) -> Array:
    return array.view(_UNSIGNED[array.dtype.itemsize])


def _ulp(a: Array, b: Array) -> Array:
    """Return how many representable numbers lie between two arrays, as uint64."""
    return np.maximum(_order(a), _order(b)) - np.minimum(_order(a), _order(b))


def _order(array: Array) -> Array:
    """Map floats to unsigned integers in the same order; -0.0 and 0.0 to one."""
    width = array.dtype.itemsize * 8
    bits = _bits(array).astype(np.uint64)
    middle = np.uint64(1 << (width - 1))
    magnitude = bits & np.uint64((1 << (width - 1)) - 1)
    return np.where(bits >= middle, middle - magnitude, middle + magnitude)


def _largest(values: Array) -> float | None:
    """Return the largest finite or infinite value; None when there is only NaN."""
    real = values[~np.isnan(values)]
    return float(real.max()) if real.size else None
