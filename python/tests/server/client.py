"""A client for the tests: grpcio, our messages, nothing else."""

from __future__ import annotations

from typing import Any

import grpc

from stele.contract.bundle import encode
from stele.contract.dtypes import Array
from stele.wire import messages as m
from stele.wire import oip, tensor_proto

SECONDS = 30.0


class Client:
    """Calls a server; errors are ``grpc.RpcError``."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.channel = channel

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.channel.close()

    def rpc(self, service: str, name: str) -> grpc.UnaryUnaryMultiCallable:
        method = m.methods(service)[name]
        return self.channel.unary_unary(
            method.path,
            request_serializer=method.request.SerializeToString,
            response_deserializer=method.response.FromString,
        )

    def call(self, name: str, /, timeout: float = SECONDS, **fields: Any) -> Any:
        """Call a method of the Open Inference Protocol."""
        request = m.methods(m.OPEN_INFERENCE)[name].request(**fields)
        return self.rpc(m.OPEN_INFERENCE, name)(request, timeout=timeout)

    def infer(
        self,
        model: str,
        inputs: oip.Named,
        signature: str | None = None,
        *,
        outputs: tuple[str, ...] = (),
        raw: bool = True,
        timeout: float = SECONDS,
    ) -> dict[str, Array]:
        request = infer_request(model, inputs, signature, raw=raw)
        for name in outputs:
            request.outputs.add(name=name)
        response = self.rpc(m.OPEN_INFERENCE, "ModelInfer")(request, timeout=timeout)
        return dict(oip.take_outputs(response))

    def infer_later(
        self, model: str, inputs: oip.Named, signature: str, timeout: float | None = SECONDS
    ):
        """Return the future of a response."""
        request = infer_request(model, inputs, signature)
        return self.rpc(m.OPEN_INFERENCE, "ModelInfer").future(request, timeout=timeout)

    def predict(
        self,
        model: str,
        inputs: dict[str, Array],
        signature: str = "",
        *,
        put: Any = tensor_proto.put,
        outputs: tuple[str, ...] = (),
        **spec: Any,
    ) -> Any:
        request = predict_request(model, inputs, signature, put=put, **spec)
        request.output_filter.extend(outputs)
        return self.rpc(m.PREDICTION, "Predict")(request, timeout=SECONDS)

    def metadata(self, *fields: str, **spec: Any) -> Any:
        request = m.GetModelMetadataRequest(model_spec=spec or None, metadata_field=fields)
        return self.rpc(m.PREDICTION, "GetModelMetadata")(request, timeout=SECONDS)

    def status(self, **spec: Any) -> Any:
        request = m.GetModelStatusRequest(model_spec=spec or None)
        return self.rpc(m.MODEL, "GetModelStatus")(request, timeout=SECONDS)

    def load(self, name: str, **parameters: str) -> None:
        fields = {key: {"string_param": value} for key, value in parameters.items()}
        self.call("RepositoryModelLoad", model_name=name, parameters=fields)


def connect(address: str, *options: tuple[str, Any]) -> Client:
    return Client(grpc.insecure_channel(address, options=options))


def infer_request(
    model: str, inputs: oip.Named, signature: str | None = None, *, raw: bool = True
) -> Any:
    request = m.ModelInferRequest(model_name=model)
    if signature is not None:
        request.parameters["signature_name"].string_param = signature
    oip.put_inputs(request, inputs, raw=raw)
    return request


def predict_request(
    model: str,
    inputs: dict[str, Array],
    signature: str = "",
    *,
    put: Any = tensor_proto.put,
    **spec: Any,
) -> Any:
    request = m.PredictRequest(model_spec={"name": model, "signature_name": signature, **spec})
    for name, array in inputs.items():
        put(request.inputs[name], array)
    return request


def outputs_of(response: Any) -> dict[str, Array]:
    """Return the outputs of a Predict."""
    return {name: tensor_proto.take(name, proto) for name, proto in response.outputs.items()}


def bits(tensors: dict[str, Array]) -> dict[str, Any]:
    """Return what must be equal: shape, dtype and every bit of each tensor."""
    return {name: (a.shape, str(a.dtype), encode(a)) for name, a in tensors.items()}
