"""What a graph expects of the values of a signature's inputs: read from the ops they reach."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from stele import savedmodel
from stele._proto import graph_pb2 as pb
from stele._proto.saved_model_pb2 import MetaGraphDef
from stele.contract.signature import Signature
from stele.savedmodel.graph import Graph, Use


class Text(Enum):
    """What a string has to be, for an op to read it."""

    WORD = "word"
    NUMBER = "number"
    PNG = "png"
    JPEG = "jpeg"
    WAV = "wav"


_TEXT_OF = {
    "StringToNumber": Text.NUMBER,
    "DecodeImage": Text.PNG,
    "DecodePng": Text.PNG,
    "DecodeJpeg": Text.JPEG,
    "DecodeAndCropJpeg": Text.JPEG,
    "ExtractJpegShape": Text.JPEG,
    "DecodeWav": Text.WAV,
}
_PARSE = re.compile(r"Parse(Single)?Example(V2)?")
_GATHER = re.compile(r"(Resource)?Gather(V2)?")

# tensorflow.DataType's numbers of what a feature can be.
_KINDS = {1: "float", 7: "bytes", 9: "int64"}
# How many values a feature has whose shape does not say it.
_FREE = 2


@dataclass(frozen=True)
class Feature:
    """One feature of a tf.Example.

    Attributes:
        name: Its key.
        kind: ``float``, ``bytes`` or ``int64``.
        count: How many values it has.
    """

    name: str
    kind: str
    count: int


@dataclass(frozen=True)
class Expected:
    """What the values of one input have to be.

    Attributes:
        text: What a string is read as.
        base64: Whether it is web-safe base64 of that.
        features: Of the serialized tf.Example that a string is; the text is then that
            of their values.
        rows: Integers index so many rows; None when they index nothing known.
    """

    text: Text = Text.WORD
    base64: bool = False
    features: tuple[Feature, ...] = ()
    rows: int | None = None


ANYTHING = Expected()


def of_meta_graph(meta_graph: MetaGraphDef) -> dict[str, dict[str, Expected]]:
    """Return what is expected of the inputs of each signature; nothing of a damaged graph's."""
    graph = savedmodel.graph_of(meta_graph)
    if graph is None:
        return {}
    signatures = savedmodel.signatures(meta_graph)
    return {name: of_inputs(signature, graph) for name, signature in signatures.items()}


def of_inputs(signature: Signature, graph: Graph) -> dict[str, Expected]:
    """Return what is expected of each plain input of a signature."""
    return {spec.name: _of(graph, spec.ref) for spec in signature.inputs if spec.ref}


def _of(graph: Graph, ref: str) -> Expected:
    text, base64 = Text.WORD, False
    features: dict[str, Feature] = {}
    rows: list[int] = []
    for use in graph.uses_of(ref):
        text = _TEXT_OF.get(use.node.op, text)
        base64 = base64 or use.node.op == "DecodeBase64"
        if _PARSE.fullmatch(use.node.op) and use.takes_as(0):
            features |= {feature.name: feature for feature in _features(graph, use)}
        # A gather takes what it gathers from, then where.
        if _GATHER.fullmatch(use.node.op) and use.takes_as(1):
            rows += _rows(graph, use)
    return Expected(text, base64, tuple(features.values()), min(rows, default=None))


# --- tf.Example -------------------------------------------------------------------


def _features(graph: Graph, use: Use) -> Iterator[Feature]:
    attr = use.node.attr
    sparse, dense, ragged = _keys(graph, use)
    yield from _of_free_shape(sparse, attr["sparse_types"].list.type)
    yield from _of_free_shape(ragged, attr["ragged_value_types"].list.type)
    types, shapes = attr["Tdense"].list.type, attr["dense_shapes"].list.shape
    for name, kind, shape in zip(dense, types, shapes, strict=False):
        dims = [_FREE if dim.size < 0 else dim.size for dim in shape.dim]
        yield Feature(name, _KINDS.get(kind, "bytes"), max(1, math.prod(dims)))


def _of_free_shape(names: list[str], types: Sequence[int]) -> Iterator[Feature]:
    for name, kind in zip(names, types, strict=False):
        yield Feature(name, _KINDS.get(kind, "bytes"), _FREE)


def _keys(graph: Graph, use: Use) -> tuple[list[str], list[str], list[str]]:
    """Return the keys of sparse, dense and ragged features, in the order of their types."""
    node = use.node
    if node.op == "ParseSingleExample":
        lists = (node.attr["sparse_keys"].list.s, node.attr["dense_keys"].list.s)
        sparse, dense = ([key.decode(errors="replace") for key in keys] for keys in lists)
        return sparse, dense, []
    if node.op == "ParseExampleV2":  # serialized, names, and one vector of keys of each sort
        sparse, dense, ragged = (_strings(graph, use.scope, ref) for ref in node.input[2:5])
        return sparse, dense, ragged
    # ParseExample: serialized, names, a scalar for each key, and defaults.
    end = 2 + node.attr["Nsparse"].i + node.attr["Ndense"].i
    keys = [key for ref in node.input[2:end] for key in _strings(graph, use.scope, ref)]
    first_dense = node.attr["Nsparse"].i
    return keys[:first_dense], keys[first_dense:], []


def _strings(graph: Graph, scope: str, ref: str) -> list[str]:
    """Return a constant's strings; the last stands for those left out."""
    tensor = _constant(graph, scope, ref)
    if tensor is None or not tensor.string_val:
        return []
    values = [value.decode(errors="replace") for value in tensor.string_val]
    count = math.prod(dim.size for dim in tensor.tensor_shape.dim)
    return values + values[-1:] * (count - len(values))


# --- rows -------------------------------------------------------------------------


def _rows(graph: Graph, use: Use) -> Iterator[int]:
    """Yield how many rows a gather takes its values from, where that is known."""
    source = graph.origin(use.scope, use.node.input[0])
    if source is None:
        return
    if source.op == "Const":
        shape = source.attr["value"].tensor.tensor_shape
    else:
        shape = source.attr["shape"].shape
    axis = _axis(graph, use)
    if shape.unknown_rank or not -len(shape.dim) <= axis < len(shape.dim):
        return
    if shape.dim[axis].size > 0:
        yield shape.dim[axis].size


def _axis(graph: Graph, use: Use) -> int:
    if use.node.op != "GatherV2":
        return 0
    tensor = _constant(graph, use.scope, use.node.input[2])
    if tensor is None:
        return 0
    if tensor.tensor_content:
        return int.from_bytes(tensor.tensor_content, "little", signed=True)
    return next(iter([*tensor.int_val, *tensor.int64_val]), 0)


def _constant(graph: Graph, scope: str, ref: str) -> pb.Tensor | None:
    node = graph.origin(scope, ref)
    return node.attr["value"].tensor if node is not None and node.op == "Const" else None
