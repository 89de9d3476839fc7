"""Graphs of a few nodes, or of none: what one test asks of a reader of SavedModels."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

from tests.odd_models.sessions import save, signature, v1

DEFAULT = "serving_default"


def echo(dtype: tf.DType, shape: list[int | None] | None, folder: Path) -> None:
    """One input ``x``, which is the output ``y``."""
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(dtype, shape)
        save(folder, session, {DEFAULT: signature({"x": x}, {"y": tf.identity(x)})}, "serve")


def large(folder: Path) -> None:
    """An echo with a constant of 2 MiB, which nobody could overlook in memory."""
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None])
        tf.constant(np.ones(2 << 20, np.uint8))
        save(folder, session, {DEFAULT: signature({"x": x}, {"y": tf.identity(x)})}, "serve")


def many(folder: Path) -> None:
    """Inputs of one dtype and any shape, each with an output of its own."""
    with tf.Graph().as_default(), v1.Session() as session:
        inputs = {name: v1.placeholder(tf.int32) for name in "pqr"}
        outputs = {f"to_{name}": tf.identity(x) for name, x in inputs.items()}
        save(folder, session, {DEFAULT: signature(inputs, outputs)}, "serve")


def unshaped(folder: Path) -> None:
    """Infos without a shape, which the graph has; ``z`` is not in the graph."""
    shapes = {"matrix": [None, 3], "scalar": [], "any": None}
    with tf.Graph().as_default(), v1.Session() as session:
        signatures = {}
        for name, shape in shapes.items():
            x = v1.placeholder(tf.float32, shape)
            signatures[name] = signature({"x": x}, {"y": tf.identity(x), "z": x})
            signatures[name].outputs["z"].name = "gone:0"
            for side in (signatures[name].inputs, signatures[name].outputs):
                for info in side.values():
                    info.ClearField("tensor_shape")
        save(folder, session, signatures, "serve")


def unsigned(folder: Path) -> None:
    """Has no signature: the graph is the last that stands in the file."""
    meta_graph = _meta_graph({}, "serve")
    meta_graph.graph_def.node.add(name="NoOp", op="NoOp")
    _write(folder, meta_graph)


def described(folder: Path) -> None:
    """Signatures of what is not in the graph, and TensorFlow's own, of what is."""
    signatures = {
        "b": meta_graph_pb2.SignatureDef(
            inputs={
                "z": _info("p:0", tf.float32, [None, 8]),
                "a": _info("q:1", tf.string, None),
                "ä": _info("", tf.resource, []),
            }
        ),
        "a": meta_graph_pb2.SignatureDef(
            outputs={
                "y": _info("r:0", tf.uint8, []),
                "noShape": meta_graph_pb2.TensorInfo(name="s", dtype=tf.float32.as_datatype_enum),
            }
        ),
        "__saved_model_init_op": meta_graph_pb2.SignatureDef(
            outputs={"__saved_model_init_op": meta_graph_pb2.TensorInfo(name="NoOp")}
        ),
    }
    meta_graph = _meta_graph(signatures, "serve")
    meta_graph.graph_def.node.add(name="NoOp", op="NoOp")
    _write(folder, meta_graph)


def members(folder: Path) -> None:
    """Signatures called as members of every object are, somewhere."""
    names = ("constructor", "toString", "hasOwnProperty")
    empty = {name: meta_graph_pb2.SignatureDef() for name in names}
    _write(folder, _meta_graph(empty, "serve"))


def tags(folder: Path) -> None:
    """A MetaGraphDef for each of three sets of tags; its one signature says which."""
    sets = {"both": ("serve", "gpu"), "one": ("serve",), "none": ()}
    empty = meta_graph_pb2.SignatureDef()
    _write(folder, *(_meta_graph({name: empty}, *own) for name, own in sets.items()))


def _info(endpoint: str, dtype: tf.DType, shape: list[int | None] | None) -> Any:
    return meta_graph_pb2.TensorInfo(
        name=endpoint,
        dtype=dtype.as_datatype_enum,
        tensor_shape=tf.TensorShape(shape).as_proto(),
    )


def _meta_graph(signatures: dict[str, Any], *tags: str) -> Any:
    meta_graph = meta_graph_pb2.MetaGraphDef(signature_def=signatures)
    meta_graph.meta_info_def.tags.extend(tags)
    meta_graph.graph_def.versions.producer = tf.version.GRAPH_DEF_VERSION
    return meta_graph


def _write(folder: Path, *meta_graphs: Any) -> None:
    model = saved_model_pb2.SavedModel(saved_model_schema_version=1, meta_graphs=meta_graphs)
    folder.mkdir()
    (folder / "saved_model.pb").write_bytes(model.SerializeToString(deterministic=True))


MODELS: dict[str, Callable[[Path], None]] = {
    "echo-FP32": partial(echo, tf.float32, [None]),
    "echo-INT32": partial(echo, tf.int32, []),
    "echo-INT64": partial(echo, tf.int64, None),
    "echo-BYTES": partial(echo, tf.string, None),
    "large": large,
    "many": many,
    "unshaped": unshaped,
    "unsigned": unsigned,
    "described": described,
    "members": members,
    "tags": tags,
}
