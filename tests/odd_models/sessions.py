"""TensorFlow 1: graphs with signatures that no function has."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.core.framework import tensor_pb2

v1 = tf.compat.v1
info = v1.saved_model.build_tensor_info
Tensors = dict[str, Any]


def signature(inputs: Tensors, outputs: Tensors) -> Any:
    infos = [{name: info(tensor) for name, tensor in side.items()} for side in (inputs, outputs)]
    return v1.saved_model.build_signature_def(*infos)


def save(folder: Path, session: Any, signatures: dict[str, Any], *tags: str) -> None:
    builder = v1.saved_model.Builder(str(folder))
    builder.add_meta_graph_and_variables(session, list(tags), signatures)
    builder.save()


def odd(folder: Path) -> None:
    """Names with tabs and newlines, signatures that a client refuses, two sets of tags."""
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 2], "oddly/named.input")
        resource = v1.placeholder(tf.resource, [], "resource")
        sparse_ = v1.sparse_placeholder(tf.float32, [None, 2], "sparse")
        weight = v1.get_variable("weight", initializer=[[1.0], [2.0]], use_resource=False)
        parts = tf.split(x @ weight + tf.constant([[0.5, 1.5]]), 2, axis=1)
        signatures = {
            "tab\there": signature({"in\tput": x}, {"out\nput": parts[1]}),
            "two_parts": signature({"x": x}, {"a": parts[0], "b": parts[1], "fed": x}),
            "only_fed": signature({"x": x}, {"fed": x, "again": x}),
            "reference": signature({}, {"weight": weight}),
            "sparse": signature({"x": sparse_}, {"y": x}),
            "resource": signature({"handle": resource}, {"y": x}),
            "missing": signature({"x": x}, {"y": parts[0]}),
            "beyond": signature({"x": x}, {"y": parts[0]}),
            "twice": signature({"x": x, "again": x}, {"y": parts[0]}),
            "no_outputs": signature({"x": x}, {}),
            "__saved_model_own": signature({}, {"y": x}),
        }
        signatures["missing"].inputs["x"].name = "no_such_operation:0"
        signatures["beyond"].outputs["y"].name = "split:2"  # the op has two outputs
        session.run(v1.global_variables_initializer())
        builder = v1.saved_model.Builder(str(folder))
        builder.add_meta_graph_and_variables(session, ["serve"], signatures)
        builder.add_meta_graph(["gpu", "serve"], signatures)
        builder.save()


def defaults(folder: Path) -> None:
    """Write x times scale, whose default is typed, raw or unreadable; shapes of the graph only."""
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 2], "x")
        scale = v1.placeholder(tf.float32, [], "scale")
        names = ("scaled", "content", "unreadable", "unshaped", "serving_default")
        y = x * scale
        signatures = {name: signature({"x": x, "scale": scale}, {"y": y}) for name in names}
        two = tensor_pb2.TensorProto(dtype=1, float_val=[2.0])
        signatures["scaled"].defaults["scale"].CopyFrom(two)
        signatures["serving_default"].defaults["scale"].CopyFrom(two)
        signatures["content"].defaults["scale"].CopyFrom(tf.make_tensor_proto(5.0))
        signatures["content"].defaults["scale"].tensor_content = struct.pack("<f", 5)
        signatures["unreadable"].defaults["scale"].CopyFrom(
            tensor_pb2.TensorProto(dtype=1, tensor_content=b"cut")
        )
        for name in ("unshaped", "serving_default"):
            for side in (signatures[name].inputs, signatures[name].outputs):
                for tensor in side.values():
                    tensor.ClearField("tensor_shape")
        save(folder, session, signatures, "serve")


def plain(folder: Path) -> None:
    """Without variables, hence without a saver; under the empty set of tags."""
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.int32, [3], "x")
        save(folder, session, {"double": signature({"x": x}, {"y": x * 2})})


def sparse(folder: Path) -> None:
    """What no client here can call, under two tags; TensorFlow 2 splits it into parts."""
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.sparse_placeholder(tf.float32, [None, 3])
        total = tf.sparse.reduce_sum(x)
        signatures = {"serving_default": signature({"x": x}, {"sum": total})}
        save(folder, session, signatures, "serve", "first")


def queue(folder: Path) -> None:
    """A call that waits for another one: proof that both can be under way."""
    with tf.Graph().as_default(), v1.Session() as session:
        fifo = tf.queue.FIFOQueue(1, [tf.float32], [[]], shared_name="queue")
        x = v1.placeholder(tf.float32, [])
        with tf.control_dependencies([fifo.enqueue([x])]):
            put = tf.identity(x)
        signatures = {
            "put": signature({"x": x}, {"x": put}),
            "take": signature({}, {"x": fifo.dequeue()}),
        }
        save(folder, session, signatures, "serve")


MODELS = {"odd": odd, "defaults": defaults, "plain": plain, "sparse": sparse, "queue": queue}
