"""The native server, which reads and writes the same messages: held to the same rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stele import paths
from stele.contract import dtypes
from stele.contract.bundle import Tensors
from stele.contract.dtypes import Array
from stele.native import translated
from stele.server.options import Options
from stele.wire import messages, oip, tensor_proto
from stele.zoo import train

# The zoo's model that answers ``same`` to its input ``x``, with a signature for each dtype.
ECHO = "dtypes"


class Echo:
    """The server's services without a port, and that model."""

    def __init__(self) -> None:
        from stele_native import serving

        folder = train.ensure(ECHO, paths.models_dir()) / "saved_model"
        with translated():
            self._services = serving.Services(Options({ECHO: folder}, poll=0).by_name())

    def infer(self, request: Any) -> Tensors:
        """Have a request's tensors read; return ``same``, if there is one input."""
        sent = messages.ModelInferRequest(model_name=ECHO)
        sent.MergeFrom(request)
        if sent.inputs:
            sent.parameters["signature_name"].string_param = sent.inputs[0].datatype.lower()
        response = self._answer(messages.OPEN_INFERENCE, "ModelInfer", sent)
        return [("x", dict(oip.take_outputs(response))["same"])]

    def predict(self, name: str, proto: Any) -> Array:
        """Have a TensorProto read; return it as it is answered."""
        dtype = dtypes.BY_NUMBER.get(proto.dtype)
        spec = {"name": ECHO, "signature_name": dtype.name.lower() if dtype else ""}
        sent = messages.PredictRequest(model_spec=spec, inputs={name: proto})
        response = self._answer(messages.PREDICTION, "Predict", sent)
        return tensor_proto.take("same", response.outputs["same"])

    def _answer(self, service: str, name: str, request: Any) -> Any:
        method = messages.methods(service)[name]
        with translated():
            answer = self._services.answer(method.path, request.SerializeToString(), "test")
        return method.response.FromString(answer)


@pytest.fixture(scope="session")
def echo() -> Echo:
    return Echo()


@pytest.fixture(params=["package", "server"])
def take_inputs(request: pytest.FixtureRequest) -> Callable[[Any], Tensors]:
    """Whoever reads a ModelInferRequest."""
    return oip.take_inputs if request.param == "package" else request.getfixturevalue("echo").infer


@pytest.fixture(params=["package", "server"])
def take(request: pytest.FixtureRequest) -> Callable[[str, Any], Array]:
    """Whoever reads a TensorProto, which errors call by the name given."""
    if request.param == "package":
        return tensor_proto.take
    return request.getfixturevalue("echo").predict
