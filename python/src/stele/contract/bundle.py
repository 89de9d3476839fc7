"""Tensors on disk: a folder with ``tensors.tsv`` and a raw file for each tensor.

The format is specified in ``bindings/contract/PROTOCOL.md``. BYTES tensors are numpy
object arrays of ``bytes``.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from stele.contract import dtypes
from stele.contract.codes import Code, SteleError, from_os_error
from stele.contract.dtypes import Array
from stele.contract.lines import escape, format_line, nul_in, parse_line

INDEX = "tensors.tsv"
_MAX = 2**63 - 1

Tensors = list[tuple[str, Array]]
_Tensor = TypeVar("_Tensor")


@dataclass(frozen=True)
class RawTensor:
    """A tensor as it stands in a bundle: its size is right, its bytes are not looked into."""

    dtype: dtypes.DType
    shape: tuple[int, ...]
    data: bytes

    @classmethod
    def of(cls, array: Array) -> RawTensor:
        """Encode an array.

        Raises:
            TypeError: As `encode`.
        """
        return cls(dtypes.of(array), array.shape, encode(array))

    def decode(self) -> Array:
        """Return a writable array.

        Raises:
            ValueError: The bytes do not add up to dtype and shape.
        """
        return decode(self.dtype, self.shape, self.data)


def write_bundle(folder: Path, tensors: Mapping[str, Array] | Iterable[tuple[str, Array]]) -> None:
    """Write tensors, by name, to a folder that is created if needed.

    Raises:
        SteleError: The folder cannot be written; the code is the system error's.
        TypeError: A dtype or an element that the protocol has no form for.
    """
    pairs = tensors.items() if isinstance(tensors, Mapping) else tensors
    _write(folder, ((name, RawTensor.of(array)) for name, array in pairs))


def write_raw_bundle(folder: Path, tensors: Mapping[str, RawTensor]) -> None:
    """Write tensors as `read_raw_bundle` gave them, even if nobody can decode them.

    Raises:
        SteleError: As `write_bundle`.
    """
    _write(folder, tensors.items())


def _write(folder: Path, tensors: Iterable[tuple[str, RawTensor]]) -> None:
    lines = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for index, (name, tensor) in enumerate(tensors):
            shape = ",".join(map(str, tensor.shape))
            file = f"{index}.bin"
            (folder / file).write_bytes(tensor.data)
            lines.append(
                format_line(name, tensor.dtype.name, shape, str(len(tensor.data)), file) + "\n"
            )
        (folder / INDEX).write_bytes("".join(lines).encode())
    except OSError as error:
        raise from_os_error(error) from error


def read_bundle(folder: Path) -> dict[str, Array]:
    """Read a bundle whose names must differ.

    Raises:
        SteleError: As `read_tensors`; INVALID_ARGUMENT for a name seen twice.
    """
    return _by_name(folder, read_tensors(folder))


def read_raw_bundle(folder: Path) -> dict[str, RawTensor]:
    """Read a bundle whose names must differ, without looking into its bytes.

    Raises:
        SteleError: As `read_bundle`, but for what only the bytes show.
    """
    return _by_name(folder, [_read(folder, line) for line in _lines(folder)])


def _by_name(folder: Path, tensors: list[tuple[str, _Tensor]]) -> dict[str, _Tensor]:
    by_name = dict(tensors)
    if len(by_name) != len(tensors):
        raise SteleError(Code.INVALID_ARGUMENT, f'"{folder}" has the same tensor twice')
    return by_name


def read_tensors(folder: Path) -> Tensors:
    """Read a bundle in the order of its index, keeping duplicates.

    Raises:
        SteleError: NOT_FOUND for a missing file, INVALID_ARGUMENT for anything
            that does not add up; the message names the tensor.
    """
    return [_decoded(*_read(folder, line)) for line in _lines(folder)]


def _decoded(name: str, tensor: RawTensor) -> tuple[str, Array]:
    try:
        return name, tensor.decode()
    except ValueError as error:
        raise SteleError(Code.INVALID_ARGUMENT, f'tensor "{name}" {error}') from error


def _lines(folder: Path) -> list[str]:
    try:
        lines = (folder / INDEX).read_bytes().decode().split("\n")
    except OSError as error:
        raise from_os_error(error) from error
    except UnicodeDecodeError as error:
        raise SteleError(
            Code.INVALID_ARGUMENT, f'"{folder / INDEX}" is not UTF-8: {error}'
        ) from error
    # The last line may lack its end; any other line is a tensor, a blank one too.
    return lines if lines[-1] else lines[:-1]


def _read(folder: Path, line: str) -> tuple[str, RawTensor]:
    try:
        fields = parse_line(line)
    except ValueError as error:
        raise SteleError(Code.INVALID_ARGUMENT, f"{INDEX}: {error}") from error
    if len(fields) != 5:
        raise SteleError(
            Code.INVALID_ARGUMENT, f'{INDEX}: tensor "{fields[0]}" has {len(fields)} fields, not 5'
        )
    name, dtype_name, shape_text, nbytes_text, file = fields

    def refuse(what: str) -> SteleError:
        return SteleError(Code.INVALID_ARGUMENT, f'tensor "{name}" {what}')

    if "\0" in name:
        raise SteleError(Code.INVALID_ARGUMENT, nul_in(name))
    if file in ("", ".", "..") or "/" in file or "\0" in file:
        raise refuse(f'has the file name "{escape(file)}", which is none inside its bundle')
    dtype = dtypes.BY_NAME.get(dtype_name)
    if dtype is None:
        raise refuse(f'has the unknown dtype "{dtype_name}"')
    dims = [_count(text) for text in shape_text.split(",")] if shape_text else []
    shape = [dim for dim in dims if dim is not None]
    nbytes = _count(nbytes_text)
    if len(shape) != len(dims) or nbytes is None:
        raise refuse(f'has the malformed shape "{shape_text}" or size "{nbytes_text}"')
    try:
        count = count_elements(dtype, shape)
    except ValueError as error:
        raise refuse(str(error)) from error
    if dtype.itemsize and count * dtype.itemsize != nbytes:
        raise refuse(
            f"declares {nbytes} bytes; {dtype.name} [{shape_text}] has {count * dtype.itemsize}"
        )
    try:
        data = (folder / file).read_bytes()
    except OSError as error:
        raise from_os_error(error) from error
    if len(data) != nbytes:
        raise refuse(f"has {len(data)} bytes on disk, {nbytes} declared")
    return name, RawTensor(dtype, tuple(shape), data)


def _count(text: str) -> int | None:
    """Parse a plain decimal number from 0 to 2^63-1."""
    if not (text.isascii() and text.isdigit()):
        return None
    value = int(text) if len(text) < 20 else _MAX + 1
    return value if value <= _MAX else None


def count_elements(dtype: dtypes.DType, shape: Sequence[int]) -> int:
    """Return how many elements a shape has.

    Raises:
        ValueError: A negative dimension, or a size beyond 2^63-1 bytes.
    """
    if min(shape, default=0) < 0:
        raise ValueError(f"has a negative dimension in its shape {_format(shape)}")
    # Any dimension of 0 would hide an overflow of the others: multiply without it.
    if math.prod(dim for dim in shape if dim) * max(dtype.itemsize, 1) > _MAX:
        raise ValueError(f"has a shape {_format(shape)} beyond 2^63-1 bytes")
    return math.prod(shape)


def _format(shape: Sequence[int]) -> str:
    return f"[{','.join(map(str, shape))}]"


def encode(array: Array) -> bytes:
    """Return an array's elements as the protocol's bytes, row-major, little-endian.

    Raises:
        TypeError: A dtype without a name, or a BYTES element that is not ``bytes``.
    """
    if dtypes.of(array).name != "BYTES":
        little = array.dtype.newbyteorder("<") if array.dtype.byteorder == ">" else array.dtype
        return np.ascontiguousarray(array, dtype=little).tobytes()
    parts = []
    for element in array.reshape(-1):
        if not isinstance(element, bytes):
            raise TypeError(f"a BYTES element must be bytes, not {type(element).__name__}")
        parts.append(struct.pack("<I", len(element)) + element)
    return b"".join(parts)


def decode(dtype: dtypes.DType, shape: tuple[int, ...], data: bytes) -> Array:
    """Undo `encode`: a writable array of this dtype and shape.

    Raises:
        ValueError: The bytes do not add up to this dtype and shape.
    """
    array = view(dtype, shape, data)
    return array if dtype.name == "BYTES" else array.copy()


def view(dtype: dtypes.DType, shape: tuple[int, ...], data: bytes) -> Array:
    """As `decode`, but numbers stay where they are, so that the array is read-only.

    Raises:
        ValueError: The bytes do not add up to this dtype and shape.
    """
    if dtype.name == "BYTES":
        return _decode_bytes(shape, data)
    if dtype.name == "BOOL" and data.strip(b"\0\1"):
        raise ValueError("has a BOOL byte other than 0 and 1")
    return np.frombuffer(data, dtype=dtype.numpy).reshape(shape)


def _decode_bytes(shape: tuple[int, ...], data: bytes) -> Array:
    count = math.prod(shape)
    # Each element takes at least its length: refuse before allocating for it.
    if count * 4 > len(data):
        raise ValueError(f"has {len(data)} bytes, too few for {count} BYTES elements")
    elements = np.empty(count, dtype=object)
    position = 0
    for index in range(count):
        end = position + 4
        if end > len(data):
            raise ValueError(f"ends inside the length of BYTES element {index}")
        (size,) = struct.unpack_from("<I", data, position)
        if end + size > len(data):
            raise ValueError(f"ends inside BYTES element {index}")
        elements[index] = data[end : end + size]
        position = end + size
    if position != len(data):
        raise ValueError(f"has {len(data) - position} bytes behind its last BYTES element")
    return elements.reshape(shape)
