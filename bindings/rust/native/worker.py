"""The worker of `python-native`: the Python API of this package, behind protocol 1."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import stele_native

from stele import dtypes, worker
from stele.bundle import Tensors
from stele.codes import Code, SteleError
from stele.dtypes import Array
from stele.savedmodel import Signature, TensorSpec


@contextmanager
def _translated() -> Iterator[None]:
    """Hand this package's errors to the kit as the kit's own."""
    try:
        yield
    except stele_native.SteleError as error:
        raise SteleError(Code(error.code), error.message) from error


class _Model:
    def __init__(self, model: stele_native.Model) -> None:
        self._model = model
        self.signatures = {name: _described(found) for name, found in model.signatures.items()}

    def prepare(self, signature: str, inputs: Tensors) -> Callable[[], Mapping[str, Array]]:
        with _translated():
            run = self._model.prepare(signature).run
        # A name that wrongly occurs twice is for the package to refuse.
        given = dict(inputs) if len(dict(inputs)) == len(inputs) else inputs

        def call() -> Mapping[str, Array]:
            try:
                return run(given)
            except stele_native.SteleError as error:
                raise SteleError(Code(error.code), error.message) from error

        return call

    def close(self) -> None:
        self._model.close()


def _described(signature: stele_native.Signature) -> Signature:
    def spec(tensor: stele_native.TensorSpec) -> TensorSpec:
        dtype = dtypes.BY_NAME.get(tensor.dtype_name)
        number = dtype.number if dtype else int(tensor.dtype_name.removeprefix("TF_"))
        return TensorSpec(tensor.name, number, tensor.shape, ref="")

    inputs, outputs = (tuple(map(spec, side)) for side in (signature.inputs, signature.outputs))
    return Signature(signature.name, inputs, outputs, method="")


class _Runner:
    binding = "python-native"
    language = f"Python {platform.python_version()}"
    tensorflow = stele_native.tensorflow_version()

    def load(self, folder: Path, tags: frozenset[str], config: bytes) -> _Model:
        with _translated():
            return _Model(stele_native.Model(folder, tags=tags, config=config))


if __name__ == "__main__":
    sys.exit(worker.serve(_Runner()))
