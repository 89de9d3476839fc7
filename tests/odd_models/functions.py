"""TensorFlow 2: signatures that are functions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf

DTYPES = {
    "BOOL": tf.bool,
    "INT8": tf.int8,
    "INT16": tf.int16,
    "INT32": tf.int32,
    "INT64": tf.int64,
    "UINT8": tf.uint8,
    "UINT16": tf.uint16,
    "UINT32": tf.uint32,
    "UINT64": tf.uint64,
    "FP16": tf.float16,
    "BF16": tf.bfloat16,
    "FP32": tf.float32,
    "FP64": tf.float64,
    "C64": tf.complex64,
    "C128": tf.complex128,
    "BYTES": tf.string,
}
VECTOR = tf.TensorSpec([None], tf.float32, "x")


def conv(folder: Path) -> None:
    """[?,8,8,1] to [?,10]: a convolution, whose kernel aborts on a wrong rank; with variables."""
    random = tf.random.Generator.from_seed(1)
    module = tf.Module()
    module.kernel = tf.Variable(random.normal([3, 3, 1, 4], stddev=0.1))
    module.dense = tf.Variable(random.normal([8 * 8 * 4, 10], stddev=0.01))

    @tf.function(input_signature=[tf.TensorSpec([None, 8, 8, 1], tf.float32, "image")])
    def classify(image):
        hidden = tf.nn.relu(tf.nn.conv2d(image, module.kernel, 1, "SAME"))
        logits = tf.reshape(hidden, [-1, 8 * 8 * 4]) @ module.dense
        return {"probabilities": tf.nn.softmax(logits)}

    module.classify = classify
    tf.saved_model.save(module, str(folder), signatures={"serving_default": classify})


def _function(body: Callable[..., Any], **specs: tuple[Any, Any]) -> Any:
    """Return a concrete function with these named inputs."""
    inputs = {name: tf.TensorSpec(*spec, name) for name, spec in specs.items()}
    return tf.function(body).get_concrete_function(**inputs)


def dtypes(folder: Path) -> None:
    """An identity for each dtype, of unknown rank; fixed ranks; sums; several inputs."""

    def same(x):
        return {"same": tf.identity(x), "shape": tf.shape(x, tf.int64)}

    def join(left, right):
        return {"joined": tf.strings.join([left, right]), "length": tf.strings.length(left)}

    def mixed(a, b, c):
        return {"sum": tf.reduce_sum(a, 1), "not": ~b, "length": tf.strings.length(c)}

    signatures = {
        f"same_{name}": _function(same, x=(None, dtype)) for name, dtype in DTYPES.items()
    }
    signatures["fixed"] = _function(
        lambda x: {"sum": tf.reduce_sum(x, [0, 2])}, x=([None, 2, None], tf.float32)
    )
    signatures["scalar"] = _function(lambda x: {"half": x / 2}, x=([], tf.float64))
    signatures["none"] = _function(lambda: {"answer": tf.constant([42, 43])})
    signatures["join"] = _function(join, left=([None], tf.string), right=([None], tf.string))
    signatures["mixed"] = _function(
        mixed, a=([None, 2], tf.float32), b=([None], tf.bool), c=([2], tf.string)
    )
    # An op that refuses what a signature cannot say: TensorFlow's own error.
    signatures["reshape"] = _function(
        lambda x: {"y": tf.reshape(x, [2, 2])}, x=([None], tf.float32)
    )
    tf.saved_model.save(tf.Module(), str(folder), signatures=signatures)


def state(folder: Path) -> None:
    """Signatures that keep or share memory, and one that fails."""
    module = tf.Module()
    module.kept = tf.Variable([1.0, 2.0], shape=[None])
    module.texts = tf.Variable([""], shape=[None])

    @tf.function(input_signature=[VECTOR])
    def keep(x):
        # TensorFlow refers to the input's memory after the call.
        module.kept.assign(x)
        return {"size": tf.size(x)}

    @tf.function(input_signature=[])
    def read():
        return {"kept": module.kept.read_value()}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "x")])
    def keep_strings(x):
        module.texts.assign(x)
        return {"size": tf.size(x)}

    @tf.function(input_signature=[])
    def read_strings():
        return {"kept": module.texts.read_value()}

    @tf.function(input_signature=[VECTOR])
    def echo(x):
        return {"first": x, "second": x}

    @tf.function(input_signature=[tf.TensorSpec(None, tf.string, "x")])
    def echo_strings(x):
        return {"same": x}

    @tf.function(input_signature=[VECTOR])
    def fail(x):
        with tf.control_dependencies([tf.debugging.assert_greater(x, 0.0, "x must be positive")]):
            return {"root": tf.sqrt(x)}

    functions = {
        "keep": keep,
        "read": read,
        "keep_strings": keep_strings,
        "read_strings": read_strings,
        "echo": echo,
        "echo_strings": echo_strings,
        "fail": fail,
    }
    module.functions = list(functions.values())
    tf.saved_model.save(module, str(folder), signatures=functions)


def busy(folder: Path) -> None:
    """Work for one core, on which threads can be measured: half a millisecond for a row."""
    module = tf.Module()
    # Products that are too small for TensorFlow to share out.
    module.weight = tf.Variable(tf.random.stateless_normal([128, 128], seed=[0, 0]) / 11.3)

    @tf.function(input_signature=[tf.TensorSpec([None, 128], tf.float32, "x")])
    def multiply(x):
        for _ in range(200):
            x = tf.tanh(tf.matmul(x, module.weight))
        return {"y": x}

    module.multiply = multiply
    tf.saved_model.save(module, str(folder), signatures={"serving_default": multiply})


MODELS = {"conv": conv, "dtypes": dtypes, "state": state, "busy": busy}
