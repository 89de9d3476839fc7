"""Calls every other method of TensorFlow Serving's client; prints the answers as JSON.

python tensorflow_serving_tour.py HOST:PORT
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import grpc
import tensorflow as tf
from tensorflow_serving.apis import get_model_metadata_pb2 as metadata
from tensorflow_serving.apis import get_model_status_pb2 as status
from tensorflow_serving.apis import model_pb2, predict_pb2
from tensorflow_serving.apis.model_service_pb2_grpc import ModelServiceStub
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub


def refusal(call: Callable[[], Any]) -> str:
    """Return how a call is refused."""
    try:
        call()
    except grpc.RpcError as error:
        return f"{error.code().name}: {error.details()}"
    return "answered"


def spec(name: str, version: int | None = None) -> model_pb2.ModelSpec:
    """Return what chooses a model."""
    found = model_pb2.ModelSpec(name=name)
    if version is not None:
        found.version.value = version
    return found


def typed() -> predict_pb2.PredictRequest:
    """Return a request whose values are typed, the last of them standing for the rest."""
    request = predict_pb2.PredictRequest(model_spec=spec("dtypes"), output_filter=["same"])
    request.model_spec.signature_name = "int16"
    tensor = request.inputs["x"]
    tensor.dtype = tf.int16.as_datatype_enum
    tensor.int_val.extend([1, 2])
    for size in (1, 4):
        tensor.tensor_shape.dim.add(size=size)
    return request


def main(address: str) -> None:
    """Print one JSON object."""
    channel = grpc.insecure_channel(address)
    prediction, models = PredictionServiceStub(channel), ModelServiceStub(channel)

    def ask(name: str, *fields: str, version: int | None = None) -> Any:
        return prediction.GetModelMetadata(
            metadata.GetModelMetadataRequest(model_spec=spec(name, version), metadata_field=fields)
        )

    answer = ask("digits", "signature_def")
    signatures = metadata.SignatureDefMap()
    answer.metadata["signature_def"].Unpack(signatures)
    image = signatures.signature_def["serving_default"].inputs["image"]
    predicted = prediction.Predict(typed())
    state = models.GetModelStatus(status.GetModelStatusRequest(model_spec=spec("digits")))
    answers = {
        "version": answer.model_spec.version.value,
        "signatures": sorted(signatures.signature_def),
        "image": [tf.dtypes.DType(image.dtype).name, [dim.size for dim in image.tensor_shape.dim]],
        "typed": {name: tf.make_ndarray(x).tolist() for name, x in predicted.outputs.items()},
        "typed spec": [predicted.model_spec.name, predicted.model_spec.signature_name],
        "states": [[entry.version, entry.state] for entry in state.model_version_status],
        "available": status.ModelVersionStatus.AVAILABLE,
        "no model": refusal(lambda: ask("nope", "signature_def")),
        "no version": refusal(lambda: ask("digits", "signature_def", version=7)),
        "no field": refusal(lambda: ask("digits")),
        "other field": refusal(lambda: ask("digits", "weather")),
        "no spec": refusal(lambda: prediction.Predict(predict_pb2.PredictRequest())),
        "no status": refusal(
            lambda: models.GetModelStatus(status.GetModelStatusRequest(model_spec=spec("nope")))
        ),
    }
    print(json.dumps(answers))


if __name__ == "__main__":
    main(*sys.argv[1:])
