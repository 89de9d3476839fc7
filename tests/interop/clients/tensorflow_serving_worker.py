"""A worker around the official client of TensorFlow Serving, to ask our server.

It makes TensorProtos with TensorFlow's own functions and checks nothing itself.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

from stele.contract import worker
from stele.contract.bundle import Tensors
from stele.contract.codes import Code, SteleError
from stele.contract.dtypes import Array
from stele.contract.signature import Signature


class _Model:
    signatures: Mapping[str, Signature] = {}

    def __init__(self, service: PredictionServiceStub, name: str) -> None:
        self._service = service
        self._name = name

    def prepare(self, signature: str, inputs: Tensors) -> Callable[[], Mapping[str, Array]]:
        if len(dict(inputs)) != len(inputs):
            raise worker.Unsupported("inputs are a map: none can be there twice")
        request = predict_pb2.PredictRequest()
        request.model_spec.name = self._name
        request.model_spec.signature_name = signature
        for name, array in inputs:
            request.inputs[name].CopyFrom(tf.make_tensor_proto(array))

        def call() -> Mapping[str, Array]:
            try:
                response = self._service.Predict(request)
            except grpc.RpcError as error:
                raise SteleError(Code(error.code().value[0]), error.details()) from error
            return {name: _array(proto) for name, proto in response.outputs.items()}

        return call

    def close(self) -> None:
        pass


def _array(proto: Any) -> Array:
    # A scalar of strings comes as plain bytes.
    array = tf.make_ndarray(proto)
    return np.array(array, dtype=object) if isinstance(array, bytes) else np.asarray(array)


class _Runner:
    binding = "tensorflow-serving-api"
    language = (
        f"Python {platform.python_version()}, "
        f"tensorflow-serving-api {metadata.version('tensorflow-serving-api')}"
    )
    tensorflow = tf.__version__

    def load(self, folder: Path, tags: frozenset[str], config: bytes) -> _Model:  # noqa: ARG002
        channel = grpc.insecure_channel(
            os.environ["STELE_REMOTE"], [("grpc.max_receive_message_length", -1)]
        )
        return _Model(PredictionServiceStub(channel), os.environ["STELE_REMOTE_MODEL"])


if __name__ == "__main__":
    sys.exit(worker.serve(_Runner()))
