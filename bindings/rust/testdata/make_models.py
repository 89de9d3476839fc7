"""Writes the models of this folder's tests, which no zoo wants.

    make_models.py FOLDER

``state``: signatures that keep or share memory, and one that fails.
``busy``: work for one core, on which threads can be measured.
``sparse``: a TensorFlow 1 signature that no client here can call, under two tags.
``queue``: a call that waits for another call.
``defaults``: an input with a default, under a signature that says no shapes.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

VECTOR = tf.TensorSpec([None], tf.float32, "x")


class State(tf.Module):
    """Signatures over one variable."""

    def __init__(self) -> None:
        super().__init__()
        self.kept = tf.Variable([1.0, 2.0], shape=[None])

    @tf.function(input_signature=[VECTOR])
    def keep(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        """Store the input: TensorFlow refers to its memory after the call."""
        self.kept.assign(x)
        return {"size": tf.size(x)}

    @tf.function(input_signature=[])
    def read(self) -> dict[str, tf.Tensor]:
        """Return the variable itself, without an input."""
        return {"kept": self.kept.read_value()}

    @tf.function(input_signature=[VECTOR])
    def echo(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the input itself, twice."""
        return {"first": x, "second": x}

    @tf.function(input_signature=[tf.TensorSpec(None, tf.string, "x")])
    def echo_strings(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return strings of any shape themselves."""
        return {"same": x}

    @tf.function(input_signature=[VECTOR])
    def fail(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        """Fail inside TensorFlow, with its own code and message."""
        with tf.control_dependencies([tf.debugging.assert_greater(x, 0.0, "x must be positive")]):
            return {"root": tf.sqrt(x)}


class Busy(tf.Module):
    """A chain of products that are too small for TensorFlow to share out."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = tf.Variable(tf.random.stateless_normal([128, 128], seed=[0, 0]) / 11.3)

    @tf.function(input_signature=[tf.TensorSpec([None, 128], tf.float32, "x")])
    def multiply(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        """About half a millisecond for one row, in the thread of the caller."""
        for _ in range(200):
            x = tf.tanh(tf.matmul(x, self.weight))
        return {"y": x}


def _save_v1(folder: Path, session: tf.compat.v1.Session, tags: list[str], **tensors: Any) -> None:  # noqa: ANN401
    """Write a TensorFlow 1 graph; ``tensors`` are the inputs and outputs of each signature."""
    v1 = tf.compat.v1.saved_model

    def infos(side: dict[str, Any]) -> dict[str, Any]:
        return {name: v1.build_tensor_info(tensor) for name, tensor in side.items()}

    signatures = {
        name: v1.build_signature_def(infos(inputs), infos(outputs))
        for name, (inputs, outputs) in tensors.items()
    }
    builder = v1.Builder(str(folder))
    builder.add_meta_graph_and_variables(session, tags, signatures)
    builder.save()


def _sparse(folder: Path) -> None:
    """Write what only TensorFlow 1 can: TensorFlow 2 splits a sparse input into parts."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        x = tf.compat.v1.sparse_placeholder(tf.float32, [None, 3])
        sum_ = tf.sparse.reduce_sum(x)
        _save_v1(folder, session, ["serve", "first"], serving_default=({"x": x}, {"sum": sum_}))


def _queue(folder: Path) -> None:
    """Write a call that waits for another one: proof that both can be under way."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        queue = tf.queue.FIFOQueue(1, [tf.float32], [[]], shared_name="queue")
        x = tf.compat.v1.placeholder(tf.float32, [])
        with tf.control_dependencies([queue.enqueue([x])]):
            put = tf.identity(x)
        _save_v1(
            folder,
            session,
            ["serve"],
            put=({"x": x}, {"x": put}),
            take=({}, {"x": queue.dequeue()}),
        )


def _defaults(folder: Path) -> None:
    """Write an input with a default; the signature leaves all shapes to the graph."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        x = tf.compat.v1.placeholder(tf.float32, [None, 1], "x")
        scale = tf.compat.v1.placeholder(tf.float32, [], "scale")
        y = tf.multiply(x, scale, "y")
        _save_v1(folder, session, ["serve"], serving_default=({"x": x, "scale": scale}, {"y": y}))
    file = folder / "saved_model.pb"
    model = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    signature = model.meta_graphs[0].signature_def["serving_default"]
    signature.defaults["scale"].CopyFrom(tf.make_tensor_proto(2.0))
    for side in (signature.inputs, signature.outputs):
        for info in side.values():
            info.ClearField("tensor_shape")
    file.write_bytes(model.SerializeToString())


def main(folder: Path) -> None:
    """Write every model below a folder."""
    state = State()
    names = ["keep", "read", "echo", "echo_strings", "fail"]
    signatures = {name: getattr(state, name) for name in names}
    tf.saved_model.save(state, folder / "state", signatures)
    busy = Busy()
    tf.saved_model.save(busy, folder / "busy", {"serving_default": busy.multiply})
    _sparse(folder / "sparse")
    _queue(folder / "queue")
    _defaults(folder / "defaults")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    shutil.rmtree(target, ignore_errors=True)
    main(target)
