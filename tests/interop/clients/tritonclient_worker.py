"""A worker around tritonclient, to ask our server what the harness asks a binding.

It checks nothing itself, so that the server has to.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path

import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

from stele.contract import dtypes, worker
from stele.contract.bundle import Tensors
from stele.contract.codes import Code, SteleError
from stele.contract.dtypes import Array
from stele.contract.signature import Signature


class _Model:
    signatures: Mapping[str, Signature] = {}

    def __init__(self, client: triton.InferenceServerClient, name: str) -> None:
        self._client = client
        self._name = name

    def prepare(self, signature: str, inputs: Tensors) -> Callable[[], Mapping[str, Array]]:
        sent = [_input(name, array) for name, array in inputs]

        def call() -> Mapping[str, Array]:
            try:
                result = self._client.infer(
                    self._name, sent, parameters={"signature_name": signature}
                )
            except InferenceServerException as error:
                raise _as_error(error) from error
            outputs = result.get_response().outputs
            for output in outputs:
                if output.datatype in ("C64", "C128"):
                    raise worker.Unsupported(f"no dtype {output.datatype}")
            return {output.name: result.as_numpy(output.name) for output in outputs}

        return call

    def close(self) -> None:
        pass


def _input(name: str, array: Array) -> triton.InferInput:
    dtype = dtypes.of(array).name
    if dtype in ("C64", "C128"):
        raise worker.Unsupported(f"no dtype {dtype}")
    return triton.InferInput(name, list(array.shape), dtype).set_data_from_numpy(array)


def _as_error(error: InferenceServerException) -> SteleError:
    code = (error.status() or "").removeprefix("StatusCode.")
    return SteleError(Code[code] if code in Code.__members__ else Code.UNKNOWN, error.message())


class _Runner:
    binding = "tritonclient"
    language = (
        f"Python {platform.python_version()}, tritonclient {metadata.version('tritonclient')}"
    )
    tensorflow = ""

    def load(self, folder: Path, tags: frozenset[str], config: bytes) -> _Model:  # noqa: ARG002
        client = triton.InferenceServerClient(os.environ["STELE_REMOTE"])
        return _Model(client, os.environ["STELE_REMOTE_MODEL"])


if __name__ == "__main__":
    sys.exit(worker.serve(_Runner()))
