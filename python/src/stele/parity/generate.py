"""Inputs made from a signature, for models whose author gave none.

Seeded by the names of model, signature and input: the same call makes the same
bits on every machine.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from stele.contract import dtypes
from stele.contract.dtypes import Array
from stele.contract.signature import Shape, Signature

_WORDS = (
    "stele", "Ῥωμαῖοι", "文字", "письмо", "الكتابة", "כתב", "लिपि", "글자", "อักษร", "🗿", "naïve",
    "",
)  # fmt: skip

_EDGE_BYTES = (
    b"", b"\0", b"a\0b", b"\xff\xfe", b"\xc3\x28", b"\xed\xa0\x80", "é".encode("latin-1"),
    b" \t\r\n", b"\\t", b"x" * 10_000,
)  # fmt: skip

# Unknown dimensions behind the first: small, unlike a batch, and large enough
# for the strides of an image model where the rank says that it is one.
_UNKNOWN = 5
_UNKNOWN_IMAGE = 32


def variants(model: str, signature: Signature) -> Iterator[tuple[str, dict[str, Array]]]:
    """Yield cases for a signature: a name, and inputs by name.

    Several batch sizes (an unknown first dimension), the empty batch, and edge
    values. A signature that takes nothing has the one case ``no-inputs``.
    """
    if not signature.inputs:
        yield "no-inputs", {}
        return
    batched = any(spec.shape is None or None in spec.shape[:1] for spec in signature.inputs)
    batches = {"batch1": 1, "batch3": 3, "batch8": 8, "batch0": 0} if batched else {"fixed": 1}
    for name, batch in batches.items():
        yield name, _inputs(model, signature, batch, edge=False)
    yield "edge", _inputs(model, signature, 3, edge=True)


def _inputs(model: str, signature: Signature, batch: int, *, edge: bool) -> dict[str, Array]:
    inputs = {}
    for spec in signature.inputs:
        seed = zlib.crc32(f"{model}/{signature.name}/{spec.name}/{batch}/{edge}".encode())
        random = np.random.default_rng(seed)
        shape = _fill(spec.shape, batch)
        dtype = dtypes.BY_NUMBER[spec.number]
        inputs[spec.name] = (_edge if edge else _ordinary)(dtype, shape, random)
    return inputs


def _fill(shape: Shape, batch: int) -> tuple[int, ...]:
    if shape is None:
        return (batch, 3)
    unknown = _UNKNOWN_IMAGE if len(shape) == 4 else _UNKNOWN
    return tuple(
        dim if dim is not None else (batch if index == 0 else unknown)
        for index, dim in enumerate(shape)
    )


def _ordinary(dtype: dtypes.DType, shape: tuple[int, ...], random: np.random.Generator) -> Array:
    """Return values that models expect: numbers in [0, 1), small counts, words."""
    kind = dtype.numpy.kind
    if dtype.name == "BYTES":
        return _objects([word.encode() for word in _WORDS], shape, random)
    if dtype.name == "BOOL":
        return np.asarray(random.random(shape) < 0.5)
    if kind in "iu":
        return np.asarray(random.integers(0, 8, shape), dtype=dtype.numpy)
    if kind == "c":
        values = np.asarray(random.random(shape)) + 1j * np.asarray(random.random(shape))
        return np.asarray(values, dtype=dtype.numpy)
    return np.asarray(random.random(shape)).astype(dtype.numpy)


def _edge(dtype: dtypes.DType, shape: tuple[int, ...], random: np.random.Generator) -> Array:
    """Return the dtype's extremes, over and over, in a seeded order."""
    if dtype.name == "BYTES":
        return _objects(list(_EDGE_BYTES), shape, random)
    if dtype.name == "BOOL":
        return _ordinary(dtype, shape, random)
    if dtype.numpy.kind in "iu":
        limits = np.iinfo(dtype.numpy)
        choices = np.array([limits.min, limits.max, 0, 1], dtype=dtype.numpy)
    elif dtype.numpy.kind == "c":
        half = 4 if dtype.itemsize == 8 else 8
        real = _edge_floats(np.dtype(f"f{half}"))
        choices = np.concatenate([real, real]).view(dtype.numpy)
    else:
        choices = _edge_floats(dtype.numpy)
    return np.asarray(choices[random.integers(0, len(choices), shape)], dtype=dtype.numpy)


def _edge_floats(dtype: np.dtype[Any]) -> Array:
    """Return zeros, infinities, a quiet NaN with a payload, extremes, a subnormal."""
    import ml_dtypes

    limits: Any = ml_dtypes.finfo(dtype)  # type: ignore[no-untyped-call]
    nan = np.array([np.nan], dtype=dtype)
    unsigned = np.dtype(f"u{dtype.itemsize}")
    payload = (nan.view(unsigned) | unsigned.type(5)).view(dtype)
    plain = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf]
    own = [limits.max, limits.min, limits.tiny, limits.smallest_subnormal]
    return np.concatenate([np.array(plain, dtype=dtype), np.array(own, dtype=dtype), payload])


def _objects(choices: list[bytes], shape: tuple[int, ...], random: np.random.Generator) -> Array:
    result = np.empty(shape, dtype=object)
    for index in np.ndindex(*shape):
        result[index] = choices[int(random.integers(len(choices)))]
    return result
