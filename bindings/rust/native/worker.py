"""The worker of `python-native`: the Python API of this package, behind protocol 1."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from stele import native
from stele.contract import worker
from stele.contract.bundle import Tensors
from stele.contract.codes import SteleError
from stele.contract.dtypes import Array


class _Model:
    def __init__(self, model: native.Model) -> None:
        self._model = model
        self.signatures = model.signatures

    def prepare(self, signature: str, inputs: Tensors) -> Callable[[], Mapping[str, Array]]:
        run = self._model.prepare(signature)
        # A name that wrongly occurs twice is for the package to refuse.
        given = dict(inputs) if len(dict(inputs)) == len(inputs) else inputs
        return lambda: run(given)

    def close(self) -> None:
        self._model.close()


class _Runner:
    binding = "python-native"
    language = f"Python {platform.python_version()}"

    @property
    def tensorflow(self) -> str:
        try:
            return native.tensorflow_version()
        except SteleError:
            return ""  # The first load says why.

    def load(self, folder: Path, tags: frozenset[str], config: bytes) -> _Model:
        return _Model(native.Model(folder, tags=tags, config=config))


if __name__ == "__main__":
    sys.exit(worker.serve(_Runner()))
