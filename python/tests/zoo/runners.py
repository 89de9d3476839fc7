"""The links of the chain of custody, each as a function from inputs to outputs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from stele.contract.bundle import encode, read_bundle
from stele.contract.dtypes import Array
from stele.zoo.layout import CASE_FILE, CASES, KERAS_FILE, SAVED_MODEL

Tensors = dict[str, Array]
Runner = Callable[[str, Tensors], Tensors]


def stored_cases(folder: Path) -> Iterator[tuple[str, dict[str, Any], Tensors]]:
    """Yield name, description and inputs of a trained model's cases."""
    for case in sorted((folder / CASES).iterdir()):
        yield case.name, json.loads((case / CASE_FILE).read_text()), read_bundle(case)


def signature_runner(folder: Path) -> Runner:
    loaded = tf.saved_model.load(str(folder / SAVED_MODEL))

    def run(signature: str, inputs: Tensors) -> Tensors:
        function = loaded.signatures[signature]
        specs = function.structured_input_signature[1]
        tensors = {name: tf.constant(value, specs[name].dtype) for name, value in inputs.items()}
        return _arrays(function(**tensors))

    return run


@contextmanager
def session_runner(folder: Path) -> Iterator[Runner]:
    graph = tf.Graph()
    # No `with session`: that would make its graph the default one of the caller.
    session = tf.compat.v1.Session(graph=graph)
    with closing(session):
        with graph.as_default():
            meta = tf.compat.v1.saved_model.load(session, ["serve"], str(folder / SAVED_MODEL))

        def run(signature: str, inputs: Tensors) -> Tensors:
            found = meta.signature_def[signature]
            fetches = {name: info.name for name, info in found.outputs.items()}
            feeds = {found.inputs[name].name: value for name, value in inputs.items()}
            return _arrays(session.run(fetches, feeds))

        yield run


def keras_runner(folder: Path) -> Runner:
    model = keras.models.load_model(folder / KERAS_FILE)
    assert not model.jit_compile

    def run(_signature: str, inputs: Tensors) -> Tensors:
        # tf.constant: Keras takes no object array of bytes.
        return _arrays(model.predict_on_batch({k: tf.constant(v) for k, v in inputs.items()}))

    return run


def bits(tensors: Tensors) -> dict[str, tuple[tuple[int, ...], str, bytes]]:
    """Return what must be equal: shape, dtype and every bit of each tensor."""
    return {name: (a.shape, str(a.dtype), encode(a)) for name, a in tensors.items()}


def _arrays(outputs: Any) -> Tensors:
    return {name: _array(value) for name, value in outputs.items()}


def _array(value: Any) -> Array:
    if isinstance(value, tf.Tensor):
        value = value.numpy()
    # A string scalar arrives as bytes; numpy's own choice of dtype would cut its last NULs.
    return np.array(value, object) if isinstance(value, bytes) else np.asarray(value)
