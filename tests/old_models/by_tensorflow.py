"""Writes small SavedModels, or answers by them: run by any TensorFlow; needs nothing of stele.

    python by_tensorflow.py write MODELS
    python by_tensorflow.py read MODELS ANSWERS

A model is MODELS/NAME/saved_model, with inputs.npz beside it. ANSWERS gets NAME.PATH.npz for
each execution path, ``function`` and ``session``, or NAME.PATH.txt with TensorFlow's words
where it refuses the model. Strings are of a fixed width there.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf

v1 = tf.compat.v1
SIGNATURE = "serving_default"
ROWS = 3


def _numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).uniform(-1, 1, shape).astype(np.float32)


def module(folder: str) -> dict[str, np.ndarray]:
    """Write a plain tf.Module: a variable, a loop, strings."""
    one = tf.Module()
    one.w = tf.Variable(_numbers(4, 2))
    spec = [tf.TensorSpec([None, 4], tf.float32, "x"), tf.TensorSpec([None], tf.string, "word")]

    @tf.function(input_signature=spec)
    def call(x: tf.Tensor, word: tf.Tensor) -> dict[str, tf.Tensor]:
        y = x @ one.w
        for _ in tf.range(3):
            y = tf.tanh(y) + 0.5
        return {"y": y, "twice": word + word, "length": tf.strings.length(word)}

    one.call = call
    tf.saved_model.save(one, folder, signatures={SIGNATURE: call})
    return {"x": _numbers(ROWS, 4), "word": np.array([b"stele", "文字".encode(), b"a"])}


def assets(folder: str) -> dict[str, np.ndarray]:
    """Write a table that a file beside the model fills."""
    with tempfile.TemporaryDirectory() as made:
        vocabulary = Path(made) / "words.txt"
        vocabulary.write_text("one\ntwo\nthree\n")
        rows = tf.lookup.TextFileInitializer(
            str(vocabulary), tf.string, tf.lookup.TextFileIndex.WHOLE_LINE,
            tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER,
        )  # fmt: skip
        one = tf.Module()
        one.table = tf.lookup.StaticHashTable(rows, -1)
        spec = [tf.TensorSpec([None], tf.string, "word")]
        one.call = tf.function(lambda word: {"row": one.table.lookup(word)}, input_signature=spec)
        tf.saved_model.save(one, folder, signatures={SIGNATURE: one.call})
    return {"word": np.array([b"three", b"one", b"four"])}


def compat_v1(folder: str) -> dict[str, np.ndarray]:
    """Write a graph of TensorFlow 1, with reference variables."""
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 4], name="input.tensor")
        kernel = v1.get_variable("dense/kernel", initializer=_numbers(4, 3), use_resource=False)
        y = tf.nn.softmax(tf.matmul(x, kernel))
        session.run(v1.global_variables_initializer())
        signature = v1.saved_model.predict_signature_def({"x": x}, {"y": y})
        builder = v1.saved_model.Builder(folder)
        builder.add_meta_graph_and_variables(session, ["serve"], {SIGNATURE: signature})
        builder.save()
    return {"x": _numbers(ROWS, 4)}


def _keras_model() -> tf.Module:
    import keras

    keras.utils.set_random_seed(1)
    image = keras.Input((8, 8, 1), name="image")
    x = keras.layers.Conv2D(8, 3, activation="relu")(image)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Flatten()(x)
    return keras.Model(image, keras.layers.Dense(5, activation="softmax")(x))


def keras_export(folder: str) -> dict[str, np.ndarray]:
    """Write a Keras model as Keras does."""
    _keras_model().export(folder, verbose=False)
    return {"image": _numbers(ROWS, 8, 8, 1)}


def keras_saved(folder: str) -> dict[str, np.ndarray]:
    """Write a Keras model as TensorFlow does, which knows nothing of Keras 3."""
    tf.saved_model.save(_keras_model(), folder)
    with tf.Graph().as_default(), v1.Session() as session:
        meta_graph = v1.saved_model.load(session, ["serve"], folder)
    (name,) = meta_graph.signature_def[SIGNATURE].inputs
    return {name: _numbers(ROWS, 8, 8, 1)}


def keras_recurrent(folder: str) -> dict[str, np.ndarray]:
    """Write LSTM and GRU, in a length that only a run knows."""
    import keras

    keras.utils.set_random_seed(1)
    series = keras.Input((None, 2), name="series")
    x = keras.layers.GRU(4)(keras.layers.LSTM(4, return_sequences=True)(series))
    keras.Model(series, keras.layers.Dense(1)(x)).export(folder, verbose=False)
    return {"series": _numbers(ROWS, 6, 2)}


MODELS: dict[str, Callable[[str], dict[str, np.ndarray]]] = {
    one.__name__: one
    for one in (module, assets, compat_v1, keras_export, keras_saved, keras_recurrent)
}


def by_function(folder: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Answer as a function in Python."""
    function = tf.saved_model.load(folder).signatures[SIGNATURE]
    outputs = function(**{name: tf.constant(value) for name, value in inputs.items()})
    return {name: tensor.numpy() for name, tensor in outputs.items()}


def by_session(folder: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Answer as a graph in a session."""
    with tf.Graph().as_default(), v1.Session() as session:
        signature = v1.saved_model.load(session, ["serve"], folder).signature_def[SIGNATURE]
        feeds = {signature.inputs[name].name: value for name, value in inputs.items()}
        return session.run({name: one.name for name, one in signature.outputs.items()}, feeds)


PATHS = {"function": by_function, "session": by_session}


def write(models: Path) -> None:
    """Write all models."""
    for name, make in MODELS.items():
        inputs = make(str(models / name / "saved_model"))
        np.savez(models / name / "inputs.npz", **inputs)


def read(models: Path, answers: Path) -> None:
    """Answer by all models, in both ways."""
    answers.mkdir(parents=True, exist_ok=True)
    for name in MODELS:
        with np.load(models / name / "inputs.npz") as file:
            inputs = dict(file)
        for path, run in PATHS.items():
            try:
                outputs = run(str(models / name / "saved_model"), inputs)
            except Exception as error:
                (answers / f"{name}.{path}.txt").write_text(f"{type(error).__name__}: {error}")
                continue
            plain = {k: v.astype("S") if v.dtype == object else v for k, v in outputs.items()}
            np.savez(answers / f"{name}.{path}.npz", **plain)


def main() -> None:
    """Do what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=("write", "read"))
    parser.add_argument("models", type=Path)
    parser.add_argument("answers", type=Path, nargs="?")
    args = parser.parse_args()
    if args.what == "write":
        write(args.models)
    else:
        read(args.models, args.answers)


if __name__ == "__main__":
    main()
