"""The inputs of a program that is written for a reader: few, small, and easy on the eye."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from stele.contract.dtypes import BY_NUMBER, Array
from stele.contract.signature import Signature, TensorSpec
from stele.parity import generate
from stele.parity.expected import ANYTHING, Expected, Text

# An input with more numbers than this is zeros: a reader puts values of their own there.
MOST_LITERALS = 16

# Numbers are multiples of this one, which every float has to the bit.
_STEP = 1 / 8

_WORDS = (b"stele", b"Rosetta", b"demotic", b"a stone", b"1799")


def inputs(
    model: str, signature: Signature, expected: Mapping[str, Expected] | None = None
) -> dict[str, Array]:
    """Return an array for each input that has no default, with one row where that is open.

    Args:
        model: Its name, which seeds what is made up.
        signature: Whose inputs.
        expected: What the graph expects of them, by name.

    Raises:
        SteleError: RESOURCE_EXHAUSTED, naming an input that would be too large.
    """
    expected = expected or {}
    _, made = next(generate.variants(model, signature, expected))
    required = [spec for spec in signature.inputs if not spec.optional]
    return {
        spec.name: _readable(spec, made[spec.name], expected.get(spec.name, ANYTHING))
        for spec in required
    }


def _readable(spec: TensorSpec, array: Array, expected: Expected) -> Array:
    """Return the array with numbers that are short, and words of plain letters."""
    dtype = BY_NUMBER[spec.number]
    if dtype.name == "BYTES":
        if expected.text is Text.WORD and not expected.features and not expected.base64:
            words = np.array(_WORDS, dtype=object)
            return np.asarray(words[np.arange(array.size) % len(words)].reshape(array.shape))
        return array
    if array.size > MOST_LITERALS:
        return np.zeros_like(array)
    if dtype.exact:
        return array
    if dtype.numpy.kind == "c":
        return np.asarray(_rounded(array.real) + 1j * _rounded(array.imag), dtype=dtype.numpy)
    return _rounded(array).astype(dtype.numpy)


def _rounded(array: Array) -> Array:
    """Return numbers in (0, 1]: whatever changes their sign, not every language shows -0."""
    return np.asarray((np.floor(array.astype(np.float64) / _STEP) + 1) * _STEP)
