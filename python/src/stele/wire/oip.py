"""numpy arrays in messages of the Open Inference Protocol, and back.

A message has its tensors in one of two forms: raw (the bytes of
``bindings/contract/PROTOCOL.md``, read without a copy) or typed (protobuf's own lists).
FP16, BF16, C64 and C128 have no typed form. Typed floats pass through Python's
numbers, which turns a signalling NaN into a quiet one.

BYTES tensors are numpy object arrays of ``bytes``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from stele.contract import bundle, dtypes
from stele.contract.bundle import Tensors
from stele.contract.codes import Code, SteleError
from stele.contract.dtypes import Array, DType
from stele.wire.messages import Message, Repeated

# dtype -> the field of InferTensorContents that holds its elements.
_FIELDS = {
    "BOOL": "bool_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}

Named = Mapping[str, Array] | Iterable[tuple[str, Array]]


def put_inputs(request: Message, tensors: Named, *, raw: bool = True) -> None:
    """Add tensors to a ModelInferRequest.

    Args:
        request: The message.
        tensors: Arrays by name.
        raw: Which form; the typed one is raw all the same if a dtype has no other.

    Raises:
        TypeError: A dtype without a name, or a BYTES element that is not ``bytes``.
    """
    _put(request.inputs, request.raw_input_contents, tensors, raw=raw)


def put_outputs(response: Message, tensors: Named, *, raw: bool = True) -> None:
    """Add tensors to a ModelInferResponse, as `put_inputs`.

    Raises:
        TypeError: As `put_inputs`.
    """
    _put(response.outputs, response.raw_output_contents, tensors, raw=raw)


def take_inputs(request: Message) -> Tensors:
    """Return the tensors of a ModelInferRequest, in their order, duplicates kept.

    Raises:
        SteleError: INVALID_ARGUMENT, naming the tensor, for what does not add up.
    """
    return _take(request.inputs, request.raw_input_contents)


def take_outputs(response: Message) -> Tensors:
    """Return the tensors of a ModelInferResponse, as `take_inputs`.

    Raises:
        SteleError: As `take_inputs`.
    """
    return _take(response.outputs, response.raw_output_contents)


def _put(entries: Repeated, raws: Repeated, tensors: Named, *, raw: bool) -> None:
    pairs = list(tensors.items() if isinstance(tensors, Mapping) else tensors)
    found = [dtypes.of(array) for _, array in pairs]
    raw = raw or any(dtype.name not in _FIELDS for dtype in found)
    for (name, array), dtype in zip(pairs, found, strict=True):
        entry = entries.add(name=name, datatype=dtype.name, shape=array.shape)
        if raw:
            raws.append(bundle.encode(array))
        else:
            field = getattr(entry.contents, _FIELDS[dtype.name])
            field.extend(array.reshape(-1).tolist())
            entry.contents.SetInParent()


def _take(entries: Repeated, raws: Repeated) -> Tensors:
    if not raws:
        return [(entry.name, _typed(entry)) for entry in entries]
    for entry in entries:
        if entry.HasField("contents") and entry.contents.ByteSize():
            raise _refuse(entry, "has typed contents in a message with raw contents")
    if len(raws) != len(entries):
        # The first that lacks its bytes; if none does, the last one has too many.
        culprit = entries[min(len(raws), len(entries) - 1)] if entries else None
        message = f"{len(raws)} raw contents for {len(entries)} tensors"
        if culprit is None:
            raise SteleError(Code.INVALID_ARGUMENT, message)
        raise _refuse(culprit, f"is in a message with {message}")
    return [(entry.name, _raw(entry, data)) for entry, data in zip(entries, raws, strict=True)]


def _raw(entry: Message, data: bytes) -> Array:
    dtype, shape, count = _declared(entry)
    expected = count * dtype.itemsize
    if dtype.itemsize and expected != len(data):
        raise _refuse(entry, f"has {len(data)} bytes; {form(dtype, shape)} has {expected}")
    try:
        return bundle.view(dtype, shape, data)
    except ValueError as error:
        raise _refuse(entry, str(error)) from error


def _typed(entry: Message) -> Array:
    dtype, shape, count = _declared(entry)
    if dtype.name not in _FIELDS and (count or entry.contents.ByteSize()):
        raise _refuse(entry, f"has dtype {dtype.name}, which travels in raw contents only")
    expected = _FIELDS.get(dtype.name)
    for field, _ in entry.contents.ListFields():
        if field.name != expected:
            raise _refuse(entry, f"has {field.name}; {dtype.name} is in {expected}")
    values = getattr(entry.contents, expected) if expected else ()
    if len(values) != count:
        raise _refuse(entry, f"has {len(values)} elements; {form(dtype, shape)} has {count}")
    try:
        return to_array(dtype, values).reshape(shape)
    except ValueError as error:
        raise _refuse(entry, str(error)) from error


def to_array(dtype: DType, values: Repeated) -> Array:
    """Return protobuf's repeated values as an array of one dimension.

    Raises:
        ValueError: A value that the dtype cannot hold.
    """
    if dtype.name == "BYTES":
        elements = np.empty(len(values), dtype=object)
        elements[:] = values
        return elements
    try:
        return np.fromiter(values, dtype=dtype.numpy, count=len(values))
    except OverflowError as error:
        raise ValueError(f"has a value that {dtype.name} cannot hold") from error


def _declared(entry: Message) -> tuple[DType, tuple[int, ...], int]:
    """Return dtype, shape and number of elements as an entry declares them."""
    dtype = dtypes.BY_NAME.get(entry.datatype)
    if dtype is None:
        raise _refuse(entry, f'has the unknown dtype "{entry.datatype}"')
    shape = tuple(entry.shape)
    try:
        return dtype, shape, bundle.count_elements(dtype, shape)
    except ValueError as error:
        raise _refuse(entry, str(error)) from error


def form(dtype: DType, shape: tuple[int, ...]) -> str:
    """Write dtype and shape for people: ``FP32 [2,3]``."""
    return f"{dtype.name} [{','.join(map(str, shape))}]"


def _refuse(entry: Message, what: str) -> SteleError:
    return SteleError(Code.INVALID_ARGUMENT, f'tensor "{entry.name}" {what}')
