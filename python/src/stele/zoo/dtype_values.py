"""Arrays that show what a binding does to elements: their order, and their bits."""

from __future__ import annotations

import numpy as np

from stele.contract.dtypes import Array, DType

# Bits of the significand that are stored; the exponent has what sign and these leave.
_MANTISSA_BITS = {"FP16": 10, "BF16": 7, "FP32": 23, "FP64": 52}
_PARTS = {"C64": "FP32", "C128": "FP64"}

_SPECIAL_BYTES: dict[str, list[bytes]] = {
    "nul": [b"\0", b"a\0b", b"\0\0\0"],
    "invalid-utf8": [b"\xff\xfe", b"\xe2\x82", b"\xc0\xaf", b"\xed\xa0\x80", bytes(range(256))],
    "utf8": ["größe".encode(), "日本語".encode(), "ትግርኛ".encode(), "𑄌𑄋𑄴𑄟𑄳𑄦".encode()],
    "empty-strings": [b"", b"x", b""],
    # TF_TString keeps up to 22 bytes inside the 24 of its struct.
    "around-small": [b"s" * size for size in (21, 22, 23, 24, 25)],
    "long": [b"long " * 20_000],
}


def counted(dtype: DType, shape: tuple[int, ...]) -> Array:
    """Make an array whose elements all differ, as far as the dtype can tell them apart."""
    numbers = np.arange(1, 1 + int(np.prod(shape)))
    flat: Array
    if dtype.name == "BYTES":
        flat = np.empty(numbers.shape, object)
        flat[:] = [f"{number}·é".encode() for number in numbers]
    elif dtype.name == "BOOL":
        flat = numbers % 3 == 1  # no symmetry that would hide an exchange of axes
    elif dtype.name in _PARTS:
        flat = numbers - 0.5j * numbers
    elif dtype.name in _MANTISSA_BITS:
        flat = numbers * -0.625
    else:
        flat = numbers
    return flat.astype(dtype.numpy).reshape(shape)


def special(dtype: DType) -> dict[str, Array]:
    """Return, by name, rank-1 arrays of the values that get lost on the way."""
    if dtype.name == "BOOL":
        return {}
    if dtype.name == "BYTES":
        return {name: np.array(values, object) for name, values in _SPECIAL_BYTES.items()}
    if dtype.name in _PARTS:
        parts = _floats(_PARTS[dtype.name], dtype.itemsize // 2)
        # Each value once as a real and once as an imaginary part, beside another one.
        bits = np.stack([parts, np.roll(parts, 1)], axis=-1)
        return {"special": bits.view(dtype.numpy)[:, 0]}
    if dtype.name in _MANTISSA_BITS:
        return {"special": _floats(dtype.name, dtype.itemsize).view(dtype.numpy)}
    info = np.iinfo(dtype.numpy)
    return {"special": np.array([info.min, info.max, 0, 1, info.max // 3], dtype.numpy)}


def _floats(name: str, itemsize: int) -> Array:
    """Return, as bit patterns, NaNs, infinities, zeros, subnormals and limits."""
    mantissa = _MANTISSA_BITS[name]
    sign = 1 << (8 * itemsize - 1)
    infinity = sign - (1 << mantissa)
    quiet = 1 << (mantissa - 1)
    patterns = [
        infinity | quiet | 1,
        infinity | 3,  # a signalling NaN
        sign | infinity | quiet | 5,
        infinity,
        sign | infinity,
        0,
        sign,
        1,  # the smallest subnormal
        sign | 1,
        (1 << mantissa) - 1,  # the largest subnormal
        1 << mantissa,  # the smallest normal
        infinity - 1,  # the largest finite
        sign | (infinity - 1),
    ]
    return np.array(patterns, f"u{itemsize}")
