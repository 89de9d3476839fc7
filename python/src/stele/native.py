"""The one door to ``stele_native``: models in this process, with this package's words.

``stele_native`` is Rust's client as a Python extension; its errors come out as
`SteleError` with the same code and message. This module is imported where a model is
loaded, so that everything else works without the extension.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import stele_native

from stele.contract import dtypes
from stele.contract.bundle import Tensors
from stele.contract.codes import Code, SteleError
from stele.contract.dtypes import Array
from stele.contract.signature import DEFAULT_SIGNATURE, DEFAULT_TAGS, Signature, TensorSpec


@contextmanager
def translated() -> Iterator[None]:
    """Turn the extension's errors into this package's."""
    try:
        yield
    except stele_native.SteleError as error:
        raise SteleError(Code(error.code), error.message) from error


def tensorflow_version() -> str:
    """Return the version of the TensorFlow library that runs the models.

    Raises:
        SteleError: NOT_FOUND, saying where it was looked for.
    """
    with translated():
        return str(stele_native.tensorflow_version())


class Model:
    """A loaded SavedModel; any number of threads may run it."""

    def __init__(
        self, folder: Path, *, tags: Collection[str] = DEFAULT_TAGS, config: bytes = b""
    ) -> None:
        """Load a SavedModel.

        Args:
            folder: The SavedModel.
            tags: Of its MetaGraphDef.
            config: A serialized ConfigProto; empty for TensorFlow's defaults.

        Raises:
            SteleError: As ``bindings/contract/PROTOCOL.md`` has for ``load``.
        """
        with translated():
            self._model = stele_native.Model(_written(folder), tags=tags, config=config)

    @property
    def signatures(self) -> dict[str, Signature]:
        """Signatures by name; the graph's tensors are not known here, so ``ref`` is empty."""
        return {name: _signature(native) for name, native in self._model.signatures.items()}

    def run(
        self, inputs: Tensors | Mapping[str, Array], signature: str = DEFAULT_SIGNATURE
    ) -> dict[str, Array]:
        """Check the inputs and run a signature.

        Raises:
            SteleError: What every client refuses, or TensorFlow.
        """
        with translated():
            outputs: dict[str, Array] = self._model.run(inputs, signature)
        return outputs

    def prepare(
        self, signature: str
    ) -> Callable[[Tensors | Mapping[str, Array]], dict[str, Array]]:
        """Return `run` for one signature, found and checked once.

        Raises:
            SteleError: NOT_FOUND or UNIMPLEMENTED.
        """
        with translated():
            runner = self._model.prepare(signature)

        def run(inputs: Tensors | Mapping[str, Array]) -> dict[str, Array]:
            # A context manager costs a microsecond in every call.
            try:
                outputs: dict[str, Array] = runner.run(inputs)
            except stele_native.SteleError as error:
                raise SteleError(Code(error.code), error.message) from error
            return outputs

        return run

    def close(self) -> None:
        """Release the model."""
        self._model.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _written(folder: Path) -> str:
    """Write a path with the slashes of a URL, which a Path merges: it is refused as one."""
    return re.sub(r"^(gs|s3|hdfs|https?):/+", r"\1://", str(folder))


def _signature(native: stele_native.Signature) -> Signature:
    inputs, outputs = (tuple(map(_spec, side)) for side in (native.inputs, native.outputs))
    return Signature(native.name, inputs, outputs, method="")


def _spec(native: stele_native.TensorSpec) -> TensorSpec:
    dtype = dtypes.BY_NAME.get(native.dtype_name)
    number = dtype.number if dtype else int(native.dtype_name.removeprefix("TF_"))
    return TensorSpec(native.name, number, native.shape, ref="")
