"""Reads ``saved_model.pb`` without TensorFlow, and makes the checks that a load needs.

TensorFlow 2.21 would load a model whose variables are missing, and not say so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from google.protobuf.message import DecodeError

from stele._proto import saved_model_pb2 as pb
from stele.contract import dtypes
from stele.contract.codes import Code, SteleError, from_os_error
from stele.contract.signature import DEFAULT_TAGS, Shape, Signature, TensorSpec, format_tags
from stele.savedmodel import variables
from stele.savedmodel.folder import model_file, require_whole

# TensorFlow's own entries (__saved_model_init_op) are not for callers.
_PRIVATE = "__saved_model_"


def read(folder: Path) -> pb.SavedModel:
    """Read ``saved_model.pb``.

    Raises:
        SteleError: As `model_file`; DATA_LOSS when it is damaged.
    """
    file = model_file(folder)
    try:
        model = pb.SavedModel.FromString(file.read_bytes())
    except OSError as error:
        raise from_os_error(error) from error
    except DecodeError as error:
        raise SteleError(Code.DATA_LOSS, f'"{file}" is damaged or not a SavedModel') from error
    if not model.meta_graphs:
        raise SteleError(Code.DATA_LOSS, f'"{file}" holds no MetaGraphDef')
    return model


def select(folder: Path, model: pb.SavedModel, tags: Collection[str]) -> pb.MetaGraphDef:
    """Return the MetaGraphDef that has exactly these tags.

    Raises:
        SteleError: NOT_FOUND when there is none, or when its variables or their data
            are missing.
    """
    for meta_graph in model.meta_graphs:
        if set(meta_graph.meta_info_def.tags) == set(tags):
            break
    else:
        there = ", ".join(format_tags(graph.meta_info_def.tags) for graph in model.meta_graphs)
        raise SteleError(
            Code.NOT_FOUND,
            f'no MetaGraphDef with tags {format_tags(tags)} in "{folder}"; there is {there}',
        )
    index = folder / "variables" / "variables.index"
    if meta_graph.saver_def and not index.exists():
        raise SteleError(Code.NOT_FOUND, f'the variables are missing: no "{index}"')
    if meta_graph.saver_def:
        data = sorted(index.parent.glob("variables.data-*"))
        for file in (index, *data):
            require_whole(file)
        if not data:
            variables.check_data(variables.read_index(index.parent))
    return meta_graph


def load_signatures(folder: Path, tags: Collection[str] = DEFAULT_TAGS) -> dict[str, Signature]:
    """Make every check that a load needs, and return the signatures by name.

    Raises:
        SteleError: As `read` and `select`.
    """
    return signatures(select(folder, read(folder), tags))


def signatures(meta_graph: pb.MetaGraphDef) -> dict[str, Signature]:
    """Return the signatures that callers may use, by name, sorted."""
    return {
        name: Signature(name, _specs(entry.inputs), _specs(entry.outputs), entry.method_name)
        for name, entry in sorted(meta_graph.signature_def.items())
        if not name.startswith(_PRIVATE)
    }


def _specs(infos: Mapping[str, pb.TensorInfo]) -> tuple[TensorSpec, ...]:
    return tuple(
        TensorSpec(name, dtypes.base(info.dtype), _shape(info.tensor_shape), info.name)
        for name, info in sorted(infos.items())
    )


def _shape(shape: pb.TensorShape) -> Shape:
    if shape.unknown_rank:
        return None
    return tuple(None if dim.size < 0 else dim.size for dim in shape.dim)
