"""numpy arrays as TensorFlow's TensorProto, and back.

A TensorProto has its elements as ``tensor_content`` (bytes) or in the typed field
of its dtype, where the last value stands for all that are missing, and no value at
all for zeros. Typed floats pass through Python's numbers, which turns a signalling
NaN into a quiet one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stele.contract import bundle, dtypes
from stele.contract.codes import Code, SteleError
from stele.contract.dtypes import Array, DType
from stele.wire.messages import Message, Repeated
from stele.wire.oip import form, to_array

# dtype -> its field, and the numpy dtype that the field's values are read as if
# that is not the element's: parts of a complex number, bits of a short float.
_FIELDS: dict[str, tuple[str, Any]] = {
    "BOOL": ("bool_val", None),
    "INT8": ("int_val", None),
    "INT16": ("int_val", None),
    "INT32": ("int_val", None),
    "INT64": ("int64_val", None),
    "UINT8": ("int_val", None),
    "UINT16": ("int_val", None),
    "UINT32": ("uint32_val", None),
    "UINT64": ("uint64_val", None),
    "FP16": ("half_val", np.uint16),
    "BF16": ("half_val", np.uint16),
    "FP32": ("float_val", None),
    "FP64": ("double_val", None),
    "C64": ("scomplex_val", np.float32),
    "C128": ("dcomplex_val", np.float64),
    "BYTES": ("string_val", None),
}

# A few bytes can stand for a tensor of any size: this much is believed.
FILL_LIMIT = 64 * 2**20


def put(proto: Message, array: Array) -> None:
    """Write an array into an empty TensorProto, in the typed form.

    TensorFlow Serving answers in this form, and many clients read nothing else.

    Raises:
        TypeError: A dtype without a name, or a BYTES element that is not ``bytes``.
    """
    dtype = dtypes.of(array)
    _declare(proto, dtype, array.shape)
    field, parts = _FIELDS[dtype.name]
    flat = np.ascontiguousarray(array).reshape(-1)
    values = flat if parts is None else flat.view(parts)
    getattr(proto, field).extend(values.tolist())


def put_content(proto: Message, array: Array) -> None:
    """Write an array into an empty TensorProto, numbers as ``tensor_content``.

    Raises:
        TypeError: As `put`.
    """
    dtype = dtypes.of(array)
    if dtype.name == "BYTES":
        put(proto, array)
        return
    _declare(proto, dtype, array.shape)
    proto.tensor_content = bundle.encode(array)


def _declare(proto: Message, dtype: DType, shape: tuple[int, ...]) -> None:
    proto.dtype = dtype.number
    proto.tensor_shape.SetInParent()
    for size in shape:
        proto.tensor_shape.dim.add(size=size)


def take(name: str, proto: Message) -> Array:
    """Return a TensorProto as an array; one read from ``tensor_content`` is read-only.

    Args:
        name: What errors call the tensor.
        proto: The message.

    Raises:
        SteleError: INVALID_ARGUMENT, naming the tensor, for what does not add up.
    """
    dtype = dtypes.BY_NUMBER.get(proto.dtype)
    if dtype is None:
        given = dtypes.name_of_number(proto.dtype)
        raise SteleError(Code.INVALID_ARGUMENT, f'tensor "{name}" has the unknown dtype "{given}"')
    try:
        return _take(dtype, proto)
    except ValueError as error:
        raise SteleError(Code.INVALID_ARGUMENT, f'tensor "{name}" {error}') from error


def _take(dtype: DType, proto: Message) -> Array:
    if proto.tensor_shape.unknown_rank:
        raise ValueError("has a shape of unknown rank")
    shape = tuple(dim.size for dim in proto.tensor_shape.dim)
    count = bundle.count_elements(dtype, shape)
    expected = _FIELDS[dtype.name][0]
    given = [field.name for field, _ in proto.ListFields() if field.name.endswith("_val")]
    for field in given:
        if field != expected:
            raise ValueError(f"has {field}; {dtype.name} is in {expected}")
    content = proto.tensor_content
    if not content:
        return _typed(dtype, shape, count, getattr(proto, expected))
    if given:
        raise ValueError(f"has both tensor_content and {expected}")
    if dtype.name == "BYTES":
        return _strings(count, content).reshape(shape)
    if len(content) != count * dtype.itemsize:
        raise ValueError(
            f"has {len(content)} bytes; {form(dtype, shape)} has {count * dtype.itemsize}"
        )
    return bundle.view(dtype, shape, content)


def _typed(dtype: DType, shape: tuple[int, ...], count: int, values: Repeated) -> Array:
    parts = _FIELDS[dtype.name][1]
    # How many values make an element: two of a complex number.
    width = dtype.itemsize // np.dtype(parts).itemsize if parts is not None else 1
    if len(values) > count * width:
        raise ValueError(f"has {len(values)} values; {form(dtype, shape)} has {count * width}")
    if len(values) % width:
        raise ValueError(f"has half of a complex number: {len(values)} values")
    flat = to_array(dtype if parts is None else dtypes.of(np.empty(0, parts)), values)
    if parts is not None:
        flat = flat.view(dtype.numpy)
    return _filled(dtype, flat, shape, count)


def _filled(dtype: DType, flat: Array, shape: tuple[int, ...], count: int) -> Array:
    """Repeat the last element, or zero, until the shape is full."""
    missing = count - len(flat)
    if not missing:
        return flat.reshape(shape)
    # An element of BYTES takes at least its pointer.
    if count * (dtype.itemsize or 8) > FILL_LIMIT:
        raise ValueError(
            f"has {len(flat)} values; {form(dtype, shape)} has {count}, too many to fill in"
        )
    filler: Any = flat[-1] if len(flat) else (b"" if dtype.name == "BYTES" else 0)
    filled = np.empty(count, dtype=dtype.numpy)
    filled[: len(flat)] = flat
    filled[len(flat) :] = filler
    return filled.reshape(shape)


def _strings(count: int, content: bytes) -> Array:
    """Read BYTES as TensorFlow packs them: all lengths as varints, then all bytes."""
    if count > len(content):
        raise ValueError(f"has {len(content)} bytes, too few for {count} BYTES elements")
    lengths = []
    position = 0
    for index in range(count):
        length = shift = 0
        while True:
            if position == len(content) or shift > 28:
                raise ValueError(f"has no length of BYTES element {index}")
            byte = content[position]
            position += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        lengths.append(length)
    if position + sum(lengths) != len(content):
        raise ValueError(
            f"has {len(content) - position} bytes behind the lengths of its BYTES elements, "
            f"which add up to {sum(lengths)}"
        )
    elements = np.empty(count, dtype=object)
    for index, length in enumerate(lengths):
        elements[index] = content[position : position + length]
        position += length
    return elements
