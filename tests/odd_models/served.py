"""SavedModels that show what a server does with them."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf


def spec(shape, dtype, name):
    return tf.TensorSpec(shape, dtype, name=name)


def function(*specs):
    return tf.function(input_signature=list(specs))


def spin(steps):
    """Keep a processor busy for some µs a step."""
    x = tf.constant(0.0)
    for _ in tf.range(steps):
        x += 1.0
    return x


class Scale(tf.Module):
    """Multiplies: another factor for each version."""

    def __init__(self, factor):
        super().__init__()
        self.factor = tf.Variable(float(factor))

    @function(spec([None, 2], tf.float32, "x"))
    def call(self, x):
        return {"y": x * self.factor}


class Bench(tf.Module):
    """A signature for each thing to show. ``rows`` says how many rows ran together."""

    @function(spec([None, 2], tf.float32, "x"))
    def rows(self, x):
        return {"y": x * 2.0, "rows": tf.fill([tf.shape(x)[0]], tf.shape(x)[0])}

    @function(spec([None, 2], tf.float32, "x"))
    def slow_rows(self, x):
        done = spin(10_000)
        return {"y": x * 2.0 + 0.0 * done, "rows": tf.fill([tf.shape(x)[0]], tf.shape(x)[0])}

    @function(spec([None, None], tf.float32, "x"))
    def wide(self, x):
        done = spin(10_000)
        return {"y": x * 2.0 + 0.0 * done, "rows": tf.fill([tf.shape(x)[0]], tf.shape(x)[0])}

    @function(spec([], tf.int64, "steps"))
    def spin(self, steps):
        return {"done": spin(steps)}

    @function(spec([None], tf.float32, "x"))
    def positive(self, x):
        done = spin(10_000)
        with tf.control_dependencies([tf.debugging.assert_non_negative(x)]):
            return {"y": x + 1.0 + 0.0 * done, "rows": tf.fill([tf.size(x)], tf.size(x))}

    @function(spec([None], tf.float32, "x"))
    def filtered(self, x):
        done = spin(10_000)
        return {"y": tf.boolean_mask(x, x > 0) + 0.0 * done}

    @function(spec([None], tf.float32, "a"), spec([None], tf.float32, "b"))
    def added(self, a, b):
        return {"y": a + b}

    @function(spec(None, tf.int32, "x"))
    def any_rank(self, x):
        return {"y": x + 1}

    @function(spec([None], tf.string, "text"))
    def upper(self, text):
        return {"text": tf.strings.upper(text)}

    @function(spec([], tf.int64, "count"))
    def large(self, count):
        return {"y": tf.zeros([count], tf.float32)}


class Defaulted(tf.Module):
    """Adds and multiplies; what is not given is in the SignatureDef."""

    ones, factor = tf.constant([1.0]), tf.constant(10.0)

    @function(spec([None], tf.float32, "x"), spec([None], tf.float32, "offset"))
    def shifted(self, x, offset=ones):
        return {"y": x + offset, "rows": tf.fill([tf.size(x)], tf.size(x))}

    @function(spec([None], tf.float32, "x"), spec([], tf.float32, "factor"))
    def scaled(self, x, factor=factor):
        return {"y": x * factor}

    @function(spec([], tf.int64, "steps"))
    def spin(self, steps):
        return {"done": spin(steps)}


def make(folder: Path) -> None:
    for version in (1, 2, 3):
        model = Scale(version)
        tf.saved_model.save(model, folder / "scale" / str(version), signatures=model.call)
    model = Bench()
    signatures = {"serving_default": model.rows}
    for name in ("slow_rows", "wide", "spin", "positive", "filtered", "added", "any_rank"):
        signatures[name] = getattr(model, name)
    signatures |= {"upper": model.upper, "large": model.large}
    tf.saved_model.save(model, folder / "bench", signatures=signatures)
    model = Defaulted()
    signatures = {"serving_default": model.shifted, "scaled": model.scaled, "spin": model.spin}
    tf.saved_model.save(model, folder / "defaulted", signatures=signatures)
