"""A SavedModel to convert, and what TensorFlow itself answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

F32 = tf.float32


class Convertible(tf.Module):
    """Signatures that converters can and cannot express, under odd names."""

    def __init__(self):
        super().__init__()
        random = np.random.default_rng(2)
        self.kernel = tf.Variable(random.normal(size=(3, 3, 1, 4)).astype(np.float32))
        self.dense = tf.Variable(random.normal(size=(4, 10)).astype(np.float32))

    @tf.function(input_signature=[tf.TensorSpec([None, 8, 8, 1], F32, "image")])
    def classify(self, image):
        features = tf.nn.relu(tf.nn.conv2d(image / 16.0, self.kernel, 1, "SAME"))
        pooled = tf.reduce_mean(features, axis=[1, 2])
        return {"probabilities": tf.nn.softmax(pooled @ self.dense)}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, 3], tf.int64, "b"),
            tf.TensorSpec([2, None], F32, "a"),
        ]
    )
    def oddly_named(self, b, a):
        return {"two words": tf.transpose(b), "größe/日本": tf.reduce_sum(a, axis=1)}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, 2], tf.float64, "double"),
            tf.TensorSpec([2, 3], tf.int64, "long"),
            tf.TensorSpec([], tf.bool, "flag"),
            tf.TensorSpec([4], tf.uint8, "bytes"),
            tf.TensorSpec([2, None], tf.float16, "half"),
            tf.TensorSpec([None], tf.string, "text"),
        ]
    )
    def every_dtype(self, double, long, flag, bytes, half, text):
        return {
            "new double": tf.transpose(double),
            "new long": tf.transpose(long),
            "new flag": tf.logical_not(flag),
            "new bytes": tf.reshape(bytes, [2, 2]),
            "new half": tf.transpose(half),
            "new text": tf.reshape(text, [-1, 1]),
        }

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "text")])
    def strings(self, text):
        return {
            "lower": tf.strings.lower(text),
            "reversed": tf.strings.unicode_decode(text[0], "UTF-8"),
        }

    @tf.function(input_signature=[tf.TensorSpec([2], tf.bfloat16, "x")])
    def bfloat(self, x):
        return {"y": x + x}

    @tf.function(input_signature=[tf.TensorSpec(None, F32, "x")])
    def any_rank(self, x):
        return {"y": x * 2.0}

    @tf.function(input_signature=[tf.TensorSpec([None, 3, 2], F32, "steps")])
    def recurrent(self, steps):
        # As Keras writes an LSTM: a loop that keeps each state in a list.
        states = tf.TensorArray(tf.float32, 3)
        state = steps[:, 0]
        for step in tf.range(3):
            state = tf.tanh(state + steps[:, step])
            states = states.write(step, state)
        return {"states": states.stack()}

    @tf.function(input_signature=[tf.TensorSpec([2], F32, "x")])
    def same_name(self, x):
        return {"x": x * 2.0}


INPUTS = {
    "serving_default": {"image": np.random.default_rng(3).uniform(0, 16, (3, 8, 8, 1))},
    "Wörter/2": {"b": np.arange(6).reshape(2, 3), "a": np.arange(8).reshape(2, 4) / 7},
    "every dtype": {
        "double": np.array([[1e-300, -0.0], [np.pi, 2.0], [np.inf, 5e-324]]),
        "long": np.array([[2**62, -1, 0], [1, 2, -(2**63)]]),
        "flag": np.array(True),
        "bytes": np.array([0, 1, 254, 255]),
        "half": np.array([[1, 2, 65504], [-0.0, 6e-8, 3]]),
        "text": np.array(["", "große", "日本"]),
    },
}


def make(folder: Path) -> None:
    module = Convertible()
    signatures = {
        "serving_default": module.classify,
        "serving default": module.classify,
        "Wörter/2": module.oddly_named,
        "every dtype": module.every_dtype,
        "strings": module.strings,
        "bfloat": module.bfloat,
        "any_rank": module.any_rank,
        "recurrent": module.recurrent,
        "same_name": module.same_name,
    }
    tf.saved_model.save(module, str(folder / "model"), signatures=signatures)
    loaded = tf.saved_model.load(str(folder / "model"))
    for number, (name, inputs) in enumerate(INPUTS.items()):
        function = loaded.signatures[name]
        specs = function.structured_input_signature[1]
        tensors = {key: tf.constant(value, specs[key].dtype) for key, value in inputs.items()}
        for kind, values in (("in", tensors), ("out", function(**tensors))):
            arrays = {key: _plain(value.numpy()) for key, value in values.items()}
            np.savez(folder / f"{number}-{kind}.npz", **arrays)


def _plain(value):
    """Return strings as text, which needs no pickle."""
    array = np.asarray(value)
    return np.vectorize(bytes.decode)(array) if array.dtype == object else array
