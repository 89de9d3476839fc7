"""Sends the same requests to `stele serve` and to `stele serve --ray`: equal answers.

    python -m tests.ray.same_answers

Good requests and bad ones, of both APIs, for every signature of the zoo's models that
are trained: the same tensors, or the same code and message. Runs in a namespace with
no network but loopback. Exit status: 0 all equal, 1 not, 3 could not run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import grpc
import numpy as np

from stele import paths, savedmodel
from stele.contract import dtypes
from stele.contract.dtypes import Array
from stele.contract.signature import Signature, TensorSpec
from stele.remote import launch
from stele.wire import messages, oip, tensor_proto
from tests.ray import loopback
from tests.ray.environment import RAY

# A service, an RPC, and a request in bytes.
Request = tuple[str, str, bytes]

# Of what is said about a difference.
_LONGEST = 2000

_MODELS = ("digits", "dtypes", "langid")


def values(spec: TensorSpec) -> Array:
    """Return a tensor that fits a spec, with 2 for each unknown dimension."""
    shape = [2 if size is None else size for size in spec.shape or ()]
    if spec.dtype == "BYTES":
        return np.full(shape, b"stele \0", dtype=object)
    return np.ones(shape, dtypes.BY_NAME[spec.dtype].numpy)


def infer(model: str, signature: Signature, inputs: dict[str, Array], *, raw: bool) -> Request:
    """Return a request of the Open Inference Protocol."""
    request = messages.ModelInferRequest(model_name=model, id="7")
    request.parameters["signature_name"].string_param = signature.name
    oip.put_inputs(request, inputs, raw=raw)
    return messages.OPEN_INFERENCE, "ModelInfer", request.SerializeToString()


def predict(model: str, signature: str, inputs: dict[str, Array]) -> Request:
    """Return a request of TensorFlow Serving's API."""
    request = messages.PredictRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = signature
    for name, array in inputs.items():
        tensor_proto.put(request.inputs[name], array)
    return messages.PREDICTION, "Predict", request.SerializeToString()


def of_signature(model: str, signature: Signature) -> Iterator[Request]:
    """Yield requests of one signature: two that fit, and what does not."""
    inputs = {spec.name: values(spec) for spec in signature.inputs}
    for raw in (True, False):
        yield infer(model, signature, inputs, raw=raw)
    yield predict(model, signature.name, inputs)
    yield predict(model, "nope", inputs)
    for name, array in inputs.items():
        others = {other: inputs[other] for other in inputs if other != name}
        for wrong in (
            others,
            {**others, "nope": array},
            {**others, name: np.ones(array.shape, np.complex64)},
            {**others, name: array.reshape((1, 1, 1, *array.shape))},
        ):
            yield infer(model, signature, wrong, raw=True)
            yield predict(model, signature.name, wrong)


def of_server(model: str) -> Iterator[Request]:
    """Yield requests that need no tensors."""
    for service in messages.SERVICES:
        for name, method in messages.methods(service).items():
            yield service, name, b""
            yield service, name, b"\xff\xff\xff"
            request = method.request()
            for field in ("name", "model_name"):
                if field in method.request.DESCRIPTOR.fields_by_name:
                    setattr(request, field, model)
            if "model_spec" in method.request.DESCRIPTOR.fields_by_name:
                request.model_spec.name = model
            if "metadata_field" in method.request.DESCRIPTOR.fields_by_name:
                request.metadata_field.append("signature_def")
            yield service, name, request.SerializeToString()


def answer(channel: grpc.Channel, request: Request) -> Any:
    """Return the response message, or code and message of the error."""
    service, name, data = request
    method = messages.methods(service)[name]
    try:
        response = channel.unary_unary(method.path)(data, timeout=30)
    except grpc.RpcError as error:
        return error.code(), error.details()
    message = method.response.FromString(response)
    if name == "GetModelMetadata":
        # A map, packed: its order is by chance.
        return messages.SignatureDefMap.FromString(message.metadata["signature_def"].value)
    return message


def run() -> int:
    """Carry it out, in the namespace."""
    os.environ |= RAY.variables
    folders = {name: paths.models_dir() / name / "saved_model" for name in _MODELS}
    models = {name: folder for name, folder in folders.items() if folder.exists()}
    served = [f"{name}={folder}" for name, folder in models.items()]
    options = ["serve", "--port", "0", "--json", "--stop-with-stdin", *served]
    log = paths.build_dir() / "ray" / "same_answers.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as stderr:
        servers = [
            launch.start([str(RAY.command), *options, *more], timeout=180, stderr=stderr)
            for more in ([], ["--ray"])
        ]
    channels = [grpc.insecure_channel(server.address) for server in servers]
    count = refused = differ = 0
    for name, folder in models.items():
        graph = savedmodel.load(folder)
        requests = list(of_server(name))
        for signature in savedmodel.signatures(graph).values():
            requests += of_signature(name, signature)
        for request in requests:
            plain, ray = (answer(channel, request) for channel in channels)
            count += 1
            refused += isinstance(plain, tuple)
            if plain != ray:
                differ += 1
                print(f"{name}: {request[1]} {request[2]!r}:\n  {plain}\n  {ray}"[:_LONGEST])
    for server in servers:
        os.close(server.lifeline)
        server.process.wait(timeout=60)
    print(f"{', '.join(models)}: {count} requests, {refused} refused, {differ} answers differ")
    return int(bool(differ) or not count)


def main() -> int:
    """Make the environment, enter the namespace, and carry it out."""
    RAY.make()
    loopback.enter()
    return run()


if __name__ == "__main__":
    sys.exit(main())
