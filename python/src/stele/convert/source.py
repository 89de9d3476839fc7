"""The SavedModel that is being converted, loaded by TensorFlow."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import tensorflow as tf

from stele import savedmodel
from stele.contract.codes import Code, SteleError
from stele.contract.signature import Shape, Signature
from stele.convert.messages import useful_line
from stele.parity import explain


class NotConvertibleError(Exception):
    """A signature that a converter cannot convert; the message says why."""


def unsupported_ops(title: str, ops: Iterable[str]) -> NotConvertibleError:
    """Return the error that names the ops a format has no counterpart of."""
    return NotConvertibleError(f"{title} cannot express {', '.join(sorted(set(ops)))}")


def converter_failed(title: str, error: Exception) -> NotConvertibleError:
    """Return the error of a converter that gave up without naming ops."""
    return NotConvertibleError(f"{title}: {type(error).__name__}: {useful_line(str(error))}")


class Source:
    """A SavedModel, and its signatures with the shapes to convert.

    Args:
        folder: The SavedModel.
        tags: Of the MetaGraphDef.
        batch: A size for every unknown leading dimension of an input; None for none.

    Raises:
        SteleError: It cannot be loaded.
    """

    def __init__(self, folder: Path, tags: Sequence[str], batch: int | None) -> None:
        self._folder = folder
        self.tags = list(tags)
        self._batch = batch
        self._copies = tempfile.TemporaryDirectory(prefix="stele-convert-")
        self._signatures = savedmodel.load_signatures(folder, tags)
        self.model: Any = _load(folder, self.tags)

    def signature(self, name: str) -> Signature:
        """Return a signature as the SavedModel describes it."""
        return self._signatures[name]

    def function(self, name: str) -> Any:  # noqa: ANN401 - a ConcreteFunction
        """Return a signature's function."""
        return self.model.signatures[name]

    @cache  # noqa: B019 - one Source lives as long as the process
    def folder(self, name: str) -> Path:
        """Return a SavedModel with this signature, and the shapes to convert.

        With a batch size it is a copy whose signature has that size.
        """
        if self._batch is None:
            return self._folder
        function = self.function(name)
        specs = {
            spec.name: tf.TensorSpec(
                _with_batch(spec.shape, self._batch), tf.dtypes.DType(spec.number), spec.name
            )
            for spec in self.signature(name).inputs
        }
        fixed = tf.function(function).get_concrete_function(**specs)
        copy = Path(tempfile.mkdtemp(dir=self._copies.name))
        tf.saved_model.save(self.model, str(copy), signatures={name: fixed})
        return copy


def _with_batch(shape: Shape, batch: int) -> Shape:
    if shape and shape[0] is None:
        return (batch, *shape[1:])
    return shape


def _load(folder: Path, tags: list[str]) -> Any:  # noqa: ANN401 - TensorFlow has no type for it
    try:
        return tf.saved_model.load(str(folder), tags=tags)
    except tf.errors.OpError as error:
        code = Code(error.error_code)
        # As every client says it: files end too early, or restoring finds a wrong checksum.
        damaged = code is Code.OUT_OF_RANGE or "Checksum does not match" in str(error)
        code = Code.DATA_LOSS if damaged else code
        raise SteleError(code, explain.meaning(str(error)) or str(error)) from error
    except Exception as error:  # what TensorFlow 2 does not load, it refuses in many ways
        known = explain.meaning(str(error)) or f"{type(error).__name__}: {error}"
        raise SteleError(Code.UNIMPLEMENTED, f"TensorFlow 2 does not load it: {known}") from error
