"""Reads ``saved_model.pb`` without TensorFlow, and makes the checks that a load needs.

TensorFlow 2.21 would load a model whose variables are missing, and not say so.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from google.protobuf.message import DecodeError

from stele._proto import saved_model_pb2 as pb
from stele.contract import dtypes
from stele.contract.codes import Code, SteleError, from_os_error
from stele.contract.signature import DEFAULT_TAGS, Shape, Signature, TensorSpec, format_tags
from stele.savedmodel import effects, variables
from stele.savedmodel.effects import Effects
from stele.savedmodel.folder import model_file, require_whole
from stele.savedmodel.graph import Graph, shape_of

# TensorFlow's own entries (__saved_model_init_op) are not for callers.
_PRIVATE = "__saved_model_"

# One of the files that the variables are in, and how many these are.
_SHARD = re.compile(r"variables\.data-[0-9]+-of-([0-9]+)")


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
        tag_sets = ", ".join(format_tags(graph.meta_info_def.tags) for graph in model.meta_graphs)
        raise SteleError(
            Code.NOT_FOUND,
            f'no MetaGraphDef with tags {format_tags(tags)} in "{folder}"; there is {tag_sets}',
        )
    index = folder / "variables" / "variables.index"
    if meta_graph.saver_def and not index.exists():
        raise SteleError(Code.NOT_FOUND, f'the variables are missing: no "{index}"')
    if meta_graph.saver_def:
        _check_variables(index)
    return meta_graph


def _check_variables(index: Path) -> None:
    """Refuse variables that are not all there; the index is read only where it is needed."""
    data = sorted(index.parent.glob("variables.data-*"))
    for file in (index, *data):
        require_whole(file)
    counts = {int(match[1]) for file in data if (match := _SHARD.fullmatch(file.name))}
    if counts != {len(data)}:
        variables.check_data(variables.read_index(index.parent))


def load(folder: Path, tags: Collection[str] = DEFAULT_TAGS) -> pb.MetaGraphDef:
    """Make every check that a load needs, and return the graph of these tags.

    Raises:
        SteleError: As `read` and `select`.
    """
    return select(folder, read(folder), tags)


def load_signatures(folder: Path, tags: Collection[str] = DEFAULT_TAGS) -> dict[str, Signature]:
    """Make every check that a load needs, and return the signatures by name.

    Raises:
        SteleError: As `load`.
    """
    return signatures(load(folder, tags))


def defaults(meta_graph: pb.MetaGraphDef) -> dict[str, dict[str, bytes]]:
    """Return what stands for inputs that are not given: TensorProtos, by signature and input."""
    return {name: dict(entry.defaults) for name, entry in meta_graph.signature_def.items()}


def effects_of(meta_graph: pb.MetaGraphDef) -> dict[str, Effects]:
    """Return what running each signature does beside answering; of none of a damaged graph."""
    graph = graph_of(meta_graph)
    if graph is None:
        return {}
    named = signatures(meta_graph)
    return {name: effects.of_run(graph.run(signature)) for name, signature in named.items()}


def signatures(meta_graph: pb.MetaGraphDef) -> dict[str, Signature]:
    """Return the signatures that callers may use, by name, sorted.

    A tensor without a shape in its signature has the graph's, as in TensorFlow.
    """
    entries = {
        name: entry
        for name, entry in sorted(meta_graph.signature_def.items())
        if not name.startswith(_PRIVATE)
    }
    infos = (
        info for entry in entries.values() for side in (entry.inputs, entry.outputs)
        for info in side.values()
    )  # fmt: skip
    # Most of a file is its graph: it is read only where a shape has to be looked up.
    graph = None if all(info.HasField("tensor_shape") for info in infos) else graph_of(meta_graph)
    return {
        name: Signature(
            name,
            _specs(entry.inputs, graph, entry.defaults),
            _specs(entry.outputs, graph),
            entry.method_name,
        )
        for name, entry in entries.items()
    }


def graph_of(meta_graph: pb.MetaGraphDef) -> Graph | None:
    """Return the graph; None for a damaged one, of which TensorFlow tells more."""
    try:
        return Graph(meta_graph.graph_def)
    except ValueError:
        return None


def _specs(
    infos: Mapping[str, pb.TensorInfo], graph: Graph | None, defaults: Collection[str] = ()
) -> tuple[TensorSpec, ...]:
    return tuple(
        TensorSpec(name, dtypes.base(info.dtype), _shape(info, graph), info.name, name in defaults)
        for name, info in sorted(infos.items())
    )


def _shape(info: pb.TensorInfo, graph: Graph | None) -> Shape:
    if info.HasField("tensor_shape"):
        return shape_of(info.tensor_shape)
    return graph.shape(info.name) if graph else None
