"""The workers of `python-keras`, `python-tf` and `python-session`.

Three ways to run one model in Python, in the order of the chain of custody:
Keras in memory, the exported SavedModel as a TF2 signature, and the same
SavedModel in a v1 session, which is what the C API does too.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

# ruff: noqa: E402  (what TensorFlow is to find is said before it is imported)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# Keras imports these too where they lie beside TensorFlow, as they do here for the zoo: what
# is measured is what TensorFlow needs, and they would be a quarter of the start.
for _neighbour in ("pandas", "sklearn"):
    sys.modules[_neighbour] = None  # type: ignore[assignment]

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.framework import tensor_pb2

from stele import savedmodel
from stele.contract import worker
from stele.contract.bundle import Tensors
from stele.contract.codes import Code, SteleError
from stele.contract.config import PROFILES
from stele.contract.dtypes import Array
from stele.contract.signature import (
    DEFAULT_SIGNATURE,
    Signature,
    TensorSpec,
    check_inputs,
    find_signature,
)
from stele.keras_model import call as keras_call
from stele.keras_model import file as keras_file
from stele.savedmodel import variables

Call = Callable[[], Mapping[str, Array]]


def _translate(error: Exception, *, loading: bool) -> SteleError:
    """Give TensorFlow's Python exceptions their canonical code."""
    code = Code.INTERNAL
    if isinstance(error, tf.errors.OpError):
        code = Code(error.error_code)
    elif isinstance(error, IndexError):
        # How tf.saved_model.load says OUT_OF_RANGE.
        code = Code.OUT_OF_RANGE
    elif isinstance(error, FileNotFoundError):
        code = Code.NOT_FOUND
    elif loading and "not a valid checkpoint" in str(error):
        code = Code.NOT_FOUND  # as the C API has it
    elif isinstance(error, (ValueError, TypeError)):
        code = Code.INVALID_ARGUMENT
    elif isinstance(error, NotImplementedError):
        code = Code.UNIMPLEMENTED
    if loading and (code == Code.OUT_OF_RANGE or "Checksum does not match" in str(error)):
        code = Code.DATA_LOSS  # Python's restore calls a wrong checksum UNKNOWN
    return SteleError(code, str(error))


def _as_array(value: object) -> Array:
    """Return an output as an array; string scalars arrive as plain ``bytes``."""
    if isinstance(value, bytes):
        return np.array(value, dtype=object)
    return np.asarray(value)


class _Guarded:
    """A call whose errors are translated."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def __call__(self) -> Mapping[str, Array]:
        try:
            return self._call()
        except SteleError:
            raise
        except Exception as error:
            raise _translate(error, loading=False) from error


def _readable(protos: Mapping[str, bytes]) -> dict[str, Array]:
    """Return the defaults of inputs, without those that cannot be read."""
    arrays = {}
    for name, data in protos.items():
        with contextlib.suppress(DecodeError, TypeError, ValueError):
            arrays[name] = tf.make_ndarray(tensor_pb2.TensorProto.FromString(data))
    return arrays


def _with_defaults(signature: Signature, defaults: Mapping[str, Array]) -> Signature:
    """Return a signature whose inputs are required unless they have one of these defaults."""
    inputs = [replace(spec, optional=spec.name in defaults) for spec in signature.inputs]
    return replace(signature, inputs=tuple(inputs))


class _Model:
    """The checks every way shares; a subclass makes the call."""

    def __init__(self, folder: Path, tags: frozenset[str]) -> None:
        meta_graph = savedmodel.load(folder, tags)
        self._defaults = {
            name: _readable(protos) for name, protos in savedmodel.defaults(meta_graph).items()
        }
        self.signatures: Mapping[str, Signature] = {
            name: _with_defaults(found, self._defaults[name])
            for name, found in savedmodel.signatures(meta_graph).items()
        }
        # TensorFlow's Python has no code of its own for these: it says UNKNOWN.
        stored = folder / "variables"
        if (stored / "variables.index").exists():
            variables.check_data(variables.read_index(stored))

    def prepare(self, signature: str, inputs: Tensors) -> Call:
        found = find_signature(self.signatures, signature)
        check_inputs(found, inputs)
        return _Guarded(self._bind(found, self._filled(signature, dict(inputs))))

    def _filled(self, signature: str, inputs: dict[str, Array]) -> dict[str, Array]:
        """Put the SignatureDef's defaults in place of inputs that are missing."""
        absent = {
            name: default
            for name, default in self._defaults[signature].items()
            if name not in inputs
        }
        return inputs | absent

    def _bind(self, signature: Signature, inputs: dict[str, Array]) -> Call:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing to do: Python frees the graph with the object."""


class _KerasModel(_Model):
    def __init__(self, folder: Path, tags: frozenset[str], config: bytes) -> None:
        _refuse_config(config)
        super().__init__(folder, tags)
        file = keras_file.beside(folder)
        if file is None:
            raise worker.Unsupported("a SavedModel without its model.keras beside it")
        self._model = keras_file.load(file.resolve())
        # XLA fuses differently: other bits than the graph that is exported.
        self._model.compile(jit_compile=False)

    def _bind(self, signature: Signature, inputs: dict[str, Array]) -> Call:
        if signature.name != DEFAULT_SIGNATURE:
            raise worker.Unsupported(f"signature {signature.name} of a Keras model in memory")
        arguments = keras_call.arguments(self._model, signature)

        def call() -> Mapping[str, Array]:
            tensors = {name: tf.constant(array) for name, array in inputs.items()}
            outputs = keras_call.outputs(self._model.predict_on_batch(arguments(tensors)))
            return {name: _as_array(value) for name, value in outputs.items()}

        return call


class _TfModel(_Model):
    def __init__(self, folder: Path, tags: frozenset[str], config: bytes) -> None:
        _refuse_config(config)
        super().__init__(folder, tags)
        self._loaded = tf.saved_model.load(str(folder), tags=sorted(tags))

    def _bind(self, signature: Signature, inputs: dict[str, Array]) -> Call:
        function = self._loaded.signatures[signature.name]

        def call() -> Mapping[str, Array]:
            outputs = function(**{name: tf.constant(array) for name, array in inputs.items()})
            return {name: _as_array(value.numpy()) for name, value in outputs.items()}

        return call


class _SessionModel(_Model):
    def __init__(self, folder: Path, tags: frozenset[str], config: bytes) -> None:
        super().__init__(folder, tags)
        self._session = tf.compat.v1.Session(graph=tf.Graph(), config=_config_proto(config))
        with self._session.graph.as_default():
            tf.compat.v1.saved_model.loader.load(self._session, sorted(tags), str(folder))

    def _bind(self, signature: Signature, inputs: dict[str, Array]) -> Call:
        fetches = {spec.name: spec.ref for spec in signature.outputs}
        feeds = {spec.ref: inputs[spec.name] for spec in signature.inputs}
        if len(feeds) != len(inputs):
            # A dict would keep one of them in silence; the C API refuses too.
            raise SteleError(Code.INVALID_ARGUMENT, "two inputs are the same tensor of the graph")
        for spec in signature.inputs:
            self._check_dtype(spec)

        def call() -> Mapping[str, Array]:
            outputs = self._session.run(fetches, feeds)
            return {name: _as_array(value) for name, value in outputs.items()}

        return call

    def _check_dtype(self, spec: TensorSpec) -> None:
        """Refuse what the signature says wrongly of a tensor: a feed would be cast in silence."""
        try:
            dtype = self._session.graph.get_tensor_by_name(spec.ref).dtype.base_dtype
        except (KeyError, ValueError):
            return  # gone: the run says so
        if dtype.as_datatype_enum != spec.number:
            raise SteleError(
                Code.INVALID_ARGUMENT,
                f'input "{spec.name}" is {spec.dtype} in the signature, {dtype.name} in the graph',
            )

    def close(self) -> None:
        self._session.close()


def _refuse_config(config: bytes) -> None:
    # The function has the bits of the profile python as it is.
    if config not in (PROFILES["default"], PROFILES["python"]):
        raise worker.Unsupported("a session config: TensorFlow 2 has one for the whole process")


def _config_proto(config: bytes) -> tf.compat.v1.ConfigProto:
    from google.protobuf.message import DecodeError

    try:
        return tf.compat.v1.ConfigProto.FromString(config)
    except DecodeError as error:
        raise SteleError(Code.INVALID_ARGUMENT, f"config is no ConfigProto: {error}") from error


_MODELS: dict[str, type[_KerasModel] | type[_TfModel] | type[_SessionModel]] = {
    "python-keras": _KerasModel,
    "python-tf": _TfModel,
    "python-session": _SessionModel,
}


class _Runner:
    language = f"Python {platform.python_version()}"
    tensorflow = tf.__version__

    def __init__(self, binding: str) -> None:
        self.binding = binding

    def load(self, folder: Path, tags: frozenset[str], config: bytes) -> worker.Model:
        try:
            return _MODELS[self.binding](folder, tags, config)
        except (SteleError, worker.Unsupported):
            raise
        except Exception as error:
            raise _translate(error, loading=True) from error


def main() -> int:
    """Serve the binding named on the command line."""
    parser = argparse.ArgumentParser(description="stele worker of one Python binding")
    parser.add_argument("binding", choices=sorted(_MODELS))
    return worker.serve(_Runner(parser.parse_args().binding))


if __name__ == "__main__":
    sys.exit(main())
