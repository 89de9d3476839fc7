"""Inputs made from a signature, for models whose author gave none.

Seeded by the names of model, signature and input: the same call makes the same
bits on every machine.
"""

from __future__ import annotations

import base64
import math
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from stele.contract import dtypes
from stele.contract.codes import Code, SteleError
from stele.contract.dtypes import Array
from stele.contract.signature import Signature, TensorSpec
from stele.parity import example, media
from stele.parity.expected import ANYTHING, Expected, Feature, Text

_WORDS = (
    "stele", "Ῥωμαῖοι", "文字", "письмо", "الكتابة", "כתב", "लिपि", "글자", "อักษร", "🗿", "naïve",
    "",
)  # fmt: skip

EDGE_BYTES = (
    b"", b"\0", b"a\0b", b"\xff\xfe", b"\xc3\x28", b"\xed\xa0\x80", "é".encode("latin-1"),
    b" \t\r\n", b"\\t", b"x" * 10_000,
)  # fmt: skip

# Unknown dimensions behind the first: small, unlike a batch, and large enough
# for the strides of an image model where the rank says that it is one.
_UNKNOWN = 5
_UNKNOWN_IMAGE = 32
_IMAGE_RANK = 4
# Of inputs whose rank is unknown.
_RANK = 2
_CHANNELS = 3

# Integers are smaller than this.
_COUNTS = 8

# Bytes that one made-up input may have; a string counts as a few words.
_MOST_BYTES = 256 << 20
_STRING_BYTES = 64
_LARGEST_BATCH = 8
# NumPy has no arrays of a higher rank.
_MOST_DIMENSIONS = 64

# How many different files or tf.Examples there are among the values of an input.
_DIFFERENT = 4


@dataclass(frozen=True)
class Sizes:
    """What to put where a signature leaves a size open; the same in all of its inputs.

    Attributes:
        first: The first dimension; None where it is a batch.
        others: The dimensions behind it; None for small ones.
        channels: The last of four dimensions.
        ranks: By name, of the inputs of unknown rank; a matrix where it has none.
        rows: At most so many in a batch.
    """

    first: int | None = None
    others: int | None = None
    channels: int = _CHANNELS
    ranks: Mapping[str, int] = field(default_factory=dict)
    rows: int = _LARGEST_BATCH

    def fill(self, spec: TensorSpec, batch: int) -> tuple[int, ...]:
        """Return the shape of an input in a batch."""
        rank = self.ranks.get(spec.name, _RANK)
        shape = (None,) * rank if spec.shape is None else spec.shape
        image = len(shape) == _IMAGE_RANK
        others = self.others or (_UNKNOWN_IMAGE if image else _UNKNOWN)
        open_ = [batch if self.first is None else self.first, *[others] * (len(shape) - 1)]
        if image or (spec.shape is None and len(shape) > 1 and self.others is None):
            open_[-1] = self.channels
        return tuple(free if dim is None else dim for dim, free in zip(shape, open_, strict=False))


USUAL = Sizes()


def variants(
    model: str,
    signature: Signature,
    expected: Mapping[str, Expected] | None = None,
    *,
    pixels: bool = False,
    sizes: Sizes = USUAL,
) -> Iterator[tuple[str, dict[str, Array]]]:
    """Yield cases for a signature: a name, and inputs by name.

    Several batch sizes (an unknown first dimension), the empty batch, and edge
    values. A signature that takes nothing has the one case ``no-inputs``.

    Args:
        model: Its name, a part of the seed.
        signature: Whose inputs are wanted.
        expected: What the graph expects of them, by name; anything of one left out.
        pixels: Whether a signature that takes images as floats has a case with numbers
            in [0, 255) too.
        sizes: What to put where the signature leaves a size open.

    Raises:
        SteleError: RESOURCE_EXHAUSTED, naming an input that would be too large.
    """
    expected = expected or {}
    if not signature.inputs:
        yield "no-inputs", {}
        return
    for spec in signature.inputs:
        _check_size(spec, sizes)
    batched = sizes.first is None and any(
        spec.shape is None or None in spec.shape[:1] for spec in signature.inputs
    )
    usual = {"batch1": 1, "batch3": 3, "batch8": _LARGEST_BATCH, "batch0": 0}
    fitting = {name: rows for name, rows in usual.items() if rows <= sizes.rows}
    batches = fitting if batched else {"fixed": 1}
    few = min(3, sizes.rows)

    def made(batch: int, *, edge: bool = False) -> dict[str, Array]:
        shapes = {spec.name: sizes.fill(spec, batch) for spec in signature.inputs}
        return _inputs(model, signature, expected, batch, shapes, edge=edge)

    for name, batch in batches.items():
        yield name, made(batch)
    if pixels and (images := [spec.name for spec in signature.inputs if _is_image(spec)]):
        inputs = made(few)
        for name in images:
            inputs[name] = (inputs[name] * 255).astype(inputs[name].dtype)
        yield "pixels", inputs
    yield "edge", made(few, edge=True)


def _is_image(spec: TensorSpec) -> bool:
    """Tell whether an input may be images, channels last, as floats."""
    return (
        spec.dtype in ("FP16", "BF16", "FP32", "FP64")
        and spec.shape is not None
        and len(spec.shape) == 4
        and spec.shape[3] in (1, 3, 4, None)
    )


def _check_size(spec: TensorSpec, sizes: Sizes) -> None:
    """Refuse an input that is too large in the largest batch."""
    shape = sizes.fill(spec, sizes.rows)
    if len(shape) > _MOST_DIMENSIONS:
        raise SteleError(
            Code.RESOURCE_EXHAUSTED,
            f'input "{spec.name}" has {len(shape)} dimensions; no inputs of more than '
            f"{_MOST_DIMENSIONS} are made up",
        )
    nbytes = math.prod(shape) * (dtypes.BY_NUMBER[spec.number].itemsize or _STRING_BYTES)
    if nbytes > _MOST_BYTES:
        raise SteleError(
            Code.RESOURCE_EXHAUSTED,
            f'input "{spec.name}" has {nbytes} bytes; no inputs of more than {_MOST_BYTES} bytes '
            "are made up: give your own with --inputs",
        )


def _inputs(
    model: str,
    signature: Signature,
    expected: Mapping[str, Expected],
    batch: int,
    shapes: Mapping[str, tuple[int, ...]],
    *,
    edge: bool,
) -> dict[str, Array]:
    inputs = {}
    for spec in signature.inputs:
        seed = zlib.crc32(f"{model}/{signature.name}/{spec.name}/{batch}/{edge}".encode())
        random = np.random.default_rng(seed)
        shape = shapes[spec.name]
        dtype = dtypes.BY_NUMBER[spec.number]
        if edge:
            inputs[spec.name] = _edge(dtype, shape, random)
        else:
            wanted = expected.get(spec.name, ANYTHING)
            inputs[spec.name] = _ordinary(dtype, shape, random, wanted)
    return inputs


def _ordinary(
    dtype: dtypes.DType,
    shape: tuple[int, ...],
    random: np.random.Generator,
    expected: Expected = ANYTHING,
) -> Array:
    """Return values that models expect: numbers in [0, 1), small counts, words."""
    kind = dtype.numpy.kind
    if dtype.name == "BYTES":
        return _objects(strings(expected), shape, random)
    if dtype.name == "BOOL":
        return np.asarray(random.random(shape) < 0.5)
    if kind in "iu":
        return np.asarray(random.integers(0, _below(expected), shape), dtype=dtype.numpy)
    if kind == "c":
        values = np.asarray(random.random(shape)) + 1j * np.asarray(random.random(shape))
        return np.asarray(values, dtype=dtype.numpy)
    return np.asarray(random.random(shape)).astype(dtype.numpy)


def _below(expected: Expected) -> int:
    """Return what integers are smaller than: what they index has so many rows or more."""
    return _COUNTS if expected.rows is None else min(_COUNTS, expected.rows)


def strings(expected: Expected) -> list[bytes]:
    """Return the strings that an input's values are chosen from."""
    values = _TEXTS[expected.text]()
    if expected.features:
        values = [_example(expected, values, index) for index in range(_DIFFERENT)]
    if expected.base64:
        values = [base64.urlsafe_b64encode(value).rstrip(b"=") for value in values]
    return values


_TEXTS: dict[Text, Callable[[], list[bytes]]] = {
    Text.WORD: lambda: [word.encode() for word in _WORDS],
    Text.NUMBER: lambda: [str(number).encode() for number in range(_COUNTS)],
    Text.PNG: lambda: [media.png(seed) for seed in range(_DIFFERENT)],
    Text.JPEG: lambda: [media.jpeg(seed) for seed in range(_DIFFERENT)],
    Text.WAV: lambda: [media.wav(seed) for seed in range(_DIFFERENT)],
}


def _example(expected: Expected, texts: list[bytes], index: int) -> bytes:
    """Return a tf.Example, another one for each index."""

    def values(feature: Feature) -> example.Values:
        numbers = range(index, index + feature.count)
        if feature.kind == "bytes":
            return [texts[number % len(texts)] for number in numbers]
        if feature.kind == "float":
            return [number % _COUNTS / _COUNTS for number in numbers]
        return [number % _below(expected) for number in numbers]

    return example.serialize({feature.name: values(feature) for feature in expected.features})


def _edge(dtype: dtypes.DType, shape: tuple[int, ...], random: np.random.Generator) -> Array:
    """Return the dtype's extremes, over and over, in a seeded order."""
    if dtype.name == "BYTES":
        return _objects(list(EDGE_BYTES), shape, random)
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
