"""Copies of other models, damaged as their names say."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

_PB = "saved_model.pb"
_INDEX = "variables/variables.index"
_DATA = "variables/variables.data-00000-of-00001"


def twice(folder: Path) -> None:
    """A signature that stands twice in the file, renamed: the last one counts."""
    shutil.copytree(folder.with_name("conv"), folder)
    model = saved_model_pb2.SavedModel.FromString((folder / _PB).read_bytes())
    graph = model.meta_graphs[0]
    again = meta_graph_pb2.MetaGraphDef()
    signature = again.signature_def["serving_default"]
    signature.CopyFrom(graph.signature_def["serving_default"])
    signature.inputs["renamed"].CopyFrom(signature.inputs["image"])
    del signature.inputs["image"]
    both = graph.SerializeToString() + again.SerializeToString()
    (folder / _PB).write_bytes(b"\x12" + _varint(len(both)) + both)


def _varint(number: int) -> bytes:
    encoded = b""
    while number > 127:
        encoded, number = encoded + bytes([number & 127 | 128]), number >> 7
    return encoded + bytes([number])


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0xFF
    file.write_bytes(data)


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _text(file: Path) -> None:
    file.write_text("not a proto\n")


def _broken(file: str, damage: Callable[[Path], None], folder: Path) -> None:
    shutil.copytree(folder.with_name("conv"), folder)
    damage(folder / file)


_DAMAGE: dict[str, tuple[str, Callable[[Path], None]]] = {
    "no-pb": (_PB, Path.unlink),
    "empty-pb": (_PB, _empty),
    "text-pb": (_PB, _text),
    "cut-pb": (_PB, _cut),
    "no-variables": ("variables", shutil.rmtree),
    "no-index": (_INDEX, Path.unlink),
    "cut-index": (_INDEX, _cut),
    "no-data": (_DATA, Path.unlink),
    "cut-data": (_DATA, _cut),
    "flipped-data": (_DATA, _flip),
}

MODELS = {"twice": twice} | {
    f"broken-{name}": partial(_broken, *damage) for name, damage in _DAMAGE.items()
}
