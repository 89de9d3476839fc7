"""Serialized tf.Example, written without TensorFlow.

Field numbers are those of tensorflow/core/example/{example,feature}.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

Values = Sequence[bytes] | Sequence[float] | Sequence[int]

_FEATURES, _ENTRY, _KEY, _VALUE = 1, 1, 1, 2
_BYTES_LIST, _FLOAT_LIST, _INT64_LIST = 1, 2, 3


def serialize(features: Mapping[str, Values]) -> bytes:
    """Return a tf.Example; a feature is of the kind of its first value, and has one or more."""
    entries = b""
    for name in sorted(features):
        entry = _field(_KEY, name.encode()) + _field(_VALUE, _feature(features[name]))
        entries += _field(_ENTRY, entry)
    return _field(_FEATURES, entries)


def _feature(values: Values) -> bytes:
    first = values[0]
    if isinstance(first, bytes):
        items = b"".join(_field(1, value) for value in values if isinstance(value, bytes))
        return _field(_BYTES_LIST, items)
    if isinstance(first, float):
        return _field(_FLOAT_LIST, _field(1, struct.pack(f"<{len(values)}f", *values)))
    packed = b"".join(_varint(int(value) & (1 << 64) - 1) for value in values)
    return _field(_INT64_LIST, _field(1, packed))


def _field(number: int, content: bytes) -> bytes:
    """Return a length-delimited field."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    result = bytearray()
    while value > 127:
        result.append(value & 127 | 128)
        value >>= 7
    result.append(value)
    return bytes(result)
