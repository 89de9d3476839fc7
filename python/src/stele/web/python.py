"""Python's answers: stele_native on the SavedModel, whose bits are TensorFlow's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from stele.contract.codes import Code, SteleError
from stele.contract.dtypes import Array
from stele.parity.case import Target


class Reference:
    """A SavedModel, run by the very library that Python runs.

    Attributes:
        tensorflow: The version of the library.

    Raises:
        SteleError: FAILED_PRECONDITION when stele_native is not installed; as a load.
    """

    def __init__(self, target: Target) -> None:
        # TensorFlow tells of each step of a load, unless the user wants to hear it.
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        try:
            from stele import native
        except ModuleNotFoundError as error:
            raise SteleError(
                Code.FAILED_PRECONDITION,
                f"{error.name} is not installed: pip install tf-stele-native, "
                "or in the checkout: make binding-rust",
            ) from error
        self._model = native.Model(target.folder, tags=target.tags)
        self.tensorflow = native.tensorflow_version()

    def run(self, inputs: Mapping[str, Array], signature: str) -> dict[str, Array]:
        """Run a signature; any number of threads may.

        Raises:
            SteleError: What every client refuses, or TensorFlow.
        """
        return self._model.run(inputs, signature)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._model.close()
