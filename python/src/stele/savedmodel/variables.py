"""Reads the index of a SavedModel's variables without TensorFlow.

``variables/variables.index`` is a table whose values say where each variable lies
in the ``variables.data-*`` files (tensorflow/core/util/tensor_bundle).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

from google.protobuf.message import DecodeError

from stele._proto import graph_pb2 as pb
from stele.contract import dtypes
from stele.contract.codes import Code, SteleError, from_os_error
from stele.savedmodel import sstable
from stele.savedmodel.folder import require_whole

# Bookkeeping of TF2, not a variable: which object of the program has which key.
_OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
# Keys of the parts of partitioned variables begin with this byte (an OrderedCode
# zero); the variable's name follows, ended by this pair.
_SLICE, _SLICE_NAME_END = b"\0", b"\0\1"


@dataclass(frozen=True)
class Variable:
    """One variable as it is stored.

    Attributes:
        key: Its key in the checkpoint, what ``tf.train.list_variables`` calls it.
        name: Its name in the program (``conv/kernel``); None when the checkpoint
            does not say (a TensorFlow 1 key is the name itself).
        number: tensorflow.DataType by number.
        shape: Its dimensions.
        nbytes: Bytes in the data files.
        checksum: Masked CRC-32C of those bytes; 0 for a partitioned variable.
    """

    key: str
    name: str | None
    number: int
    shape: tuple[int, ...]
    nbytes: int
    checksum: int

    @property
    def dtype(self) -> str:
        """The protocol's dtype name, or ``TF_<number>``."""
        return dtypes.name_of_number(self.number)

    @property
    def elements(self) -> int:
        """How many values it holds."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Index:
    """What ``variables.index`` says.

    Attributes:
        folder: The folder ``variables/``.
        variables: Sorted by key.
        shard_bytes: For each data file, the bytes that the index says it has.
        object_graph: Shard, offset and size of the serialized TrackableObjectGraph.
    """

    folder: Path
    variables: tuple[Variable, ...]
    shard_bytes: tuple[int, ...]
    object_graph: tuple[int, int, int] | None

    def shard(self, number: int) -> Path:
        """Return the path of a data file."""
        return self.folder / f"variables.data-{number:05}-of-{len(self.shard_bytes):05}"


def read_index(folder: Path) -> Index:
    """Read ``variables.index`` in the folder ``variables/`` of a SavedModel.

    Raises:
        SteleError: The system's code when it cannot be read (NOT_FOUND when there
            is none), DATA_LOSS when it is damaged.
    """
    path = folder / "variables.index"
    require_whole(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise from_os_error(error) from error
    try:
        return _parse(folder, dict(sstable.entries(data)))
    except (ValueError, DecodeError) as error:
        raise SteleError(Code.DATA_LOSS, f'"{path}" is damaged: {error}') from error


def check_data(index: Index) -> None:
    """Check that the data files are there and long enough for their index.

    Raises:
        SteleError: NOT_FOUND for a missing file, DATA_LOSS for one cut short, no regular
            file, or a Git LFS pointer.
    """
    for number, nbytes in enumerate(index.shard_bytes):
        path = index.shard(number)
        size = require_whole(path)
        if size < nbytes:
            raise SteleError(
                Code.DATA_LOSS, f'"{path}" is cut short: {size} bytes, its index says {nbytes}'
            )


def with_names(index: Index) -> Index:
    """Return the index with the names that the program gave to its variables.

    A TensorFlow 1 checkpoint has none beside its keys and is returned as it is.

    Raises:
        SteleError: As `check_data`; DATA_LOSS too when the names are damaged.
    """
    if index.object_graph is None:
        return index
    # Only bytes that are there are asked for below, whatever the index says.
    check_data(index)
    shard, offset, size = index.object_graph
    path = index.shard(shard)
    try:
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read(size)
    except OSError as error:
        raise from_os_error(error) from error
    try:
        names = _names(data)
    except (ValueError, DecodeError) as error:
        raise SteleError(Code.DATA_LOSS, f'"{path}" is damaged: {error}') from error
    variables = tuple(replace(entry, name=names.get(entry.key)) for entry in index.variables)
    return replace(index, variables=variables)


def _names(data: bytes) -> dict[str, str]:
    """Return the program's name for each key, from a stored TrackableObjectGraph."""
    # A scalar string: its length, four bytes of CRC, itself.
    length, start = sstable.varint(data, 0)
    start += 4
    if start + length != len(data):
        raise ValueError(f"{len(data) - start} bytes of names, {length} declared")
    graph = pb.TrackableObjectGraph.FromString(data[start:])
    return {
        entry.checkpoint_key: entry.full_name
        for node in graph.nodes
        for entry in node.attributes
        if entry.full_name
    }


def _parse(folder: Path, table: dict[bytes, bytes]) -> Index:
    if b"" not in table:
        raise ValueError("no header")
    shards = pb.BundleHeaderProto.FromString(table.pop(b"")).num_shards
    # Each shard is a file of its own; the bound keeps a damaged count from
    # becoming an allocation.
    if not 0 <= shards <= 99999:
        raise ValueError(f"{shards} shards")
    shard_bytes = [0] * shards
    slice_bytes: dict[str, int] = {}
    entries: dict[str, pb.BundleEntryProto] = {}
    for key, value in table.items():
        entry = pb.BundleEntryProto.FromString(value)
        name = _slice_name(key) if key.startswith(_SLICE) else key.decode()
        if not 0 <= entry.shard_id < shards or entry.offset < 0 or entry.size < 0:
            raise ValueError(f'"{name}" lies outside of the data files')
        end = entry.offset + entry.size
        shard_bytes[entry.shard_id] = max(shard_bytes[entry.shard_id], end)
        if key.startswith(_SLICE):
            slice_bytes[name] = slice_bytes.get(name, 0) + entry.size
        else:
            entries[name] = entry
    graph = entries.pop(_OBJECT_GRAPH, None)
    return Index(
        folder,
        tuple(_variable(key, entry, slice_bytes) for key, entry in entries.items()),
        tuple(shard_bytes),
        None if graph is None else (graph.shard_id, graph.offset, graph.size),
    )


def _variable(key: str, entry: pb.BundleEntryProto, slice_bytes: dict[str, int]) -> Variable:
    shape = tuple(dim.size for dim in entry.shape.dim)
    if any(dim < 0 for dim in shape):
        raise ValueError(f'"{key}" has a negative dimension')
    nbytes = slice_bytes.get(key, 0) if entry.slices else entry.size
    return Variable(key, None, entry.dtype, shape, nbytes, entry.crc32c)


def _slice_name(key: bytes) -> str:
    end = key.find(_SLICE_NAME_END, 1)
    if end < 0:
        raise ValueError(f"the key {key!r} has no name")
    return key[1:end].replace(b"\0\xff", b"\0").replace(b"\xff\0", b"\xff").decode()
