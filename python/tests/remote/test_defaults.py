"""What a SignatureDef has a default for may be left out, over both APIs of a server."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from python.tests.remote.fake import refusal
from stele.contract.codes import Code
from stele.remote import Connection, Model
from stele.server.app import Server
from stele.server.options import Options
from stele.wire import messages, tensor_proto
from tests.odd_models.folders import folder_of

X = np.array([1, 2], np.float32)


@pytest.fixture(scope="module", params=[0, 8])
def address(request) -> Iterator[str]:
    """A server of the model ``defaulted``, without batches and with."""
    model = folder_of("served") / "defaulted"
    options = Options({"defaulted": model}, port=0, poll=0, batch=request.param)
    server = Server(options, threading.Event())
    try:
        yield server.start()
    finally:
        server.drain()


def test_input_with_a_default_may_be_left_out(address: str) -> None:
    with Model.connect(address, "defaulted") as model:
        optional = {
            name: [spec.name for spec in signature.inputs if spec.optional]
            for name, signature in model.signatures.items()
        }
        assert optional == {"scaled": ["factor"], "serving_default": ["offset"], "spin": []}
        assert model(x=X)["y"].tolist() == [2, 3]
        assert model(x=X, offset=[5])["y"].tolist() == [6, 7]
        assert model.run({"x": X}, "scaled")["y"].tolist() == [10, 20]
        error = refusal(model, offset=X)
        assert (error.code, error.message) == (
            Code.INVALID_ARGUMENT,
            'input "x" of signature "serving_default" is missing',
        )


def test_predict_of_tensorflow_serving_fills_it_in(address: str) -> None:
    request = messages.PredictRequest()
    request.model_spec.name = "defaulted"
    tensor_proto.put_content(request.inputs["x"], X)
    with Connection(address) as connection:
        response = connection.call(messages.PREDICTION, "Predict", request)
    assert tensor_proto.take("y", response.outputs["y"]).tolist() == [2, 3]
