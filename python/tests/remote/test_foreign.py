"""Servers that are not stele's: what they leave out, and answers that do not add up."""

from __future__ import annotations

import numpy as np

from python.tests.remote.fake import doubler, doubler_metadata, refusal, serving
from stele.contract.codes import Code
from stele.remote import Model
from stele.wire import messages

X = np.arange(3, dtype=np.float32)


def test_signature_of_the_open_inference_protocol() -> None:
    with (
        serving(ModelMetadata=doubler_metadata, ModelInfer=doubler) as fake,
        Model.connect(fake.address, "any", version="a") as model,
    ):
        (signature,) = model.signatures.values()
        assert signature.name == "serving_default"
        (x,), (y,) = signature.inputs, signature.outputs
        assert (x.name, x.dtype, x.shape) == ("x", "FP32", (None,))
        assert (y.name, y.dtype, y.shape) == ("y", "FP32", (None,))
        assert model(x=X)["y"].tolist() == [0, 2, 4]
        assert fake.requests["ModelMetadata"][0].version == "a"
        (sent,) = fake.requests["ModelInfer"]
        assert (sent.model_name, sent.model_version) == ("any", "a")
        # Nothing that a server which knows no signatures could stumble over.
        assert not sent.parameters


def test_inputs_are_refused_before_they_are_sent() -> None:
    with (
        serving(ModelMetadata=doubler_metadata, ModelInfer=doubler) as fake,
        Model.connect(fake.address, "any") as model,
    ):
        for inputs in ({"x": X.astype(np.int32)}, {"x": X[None]}, {"y": X}, {}):
            assert refusal(model.run, inputs).code == Code.INVALID_ARGUMENT
        assert refusal(model.run, {"x": X}, "other").code == Code.NOT_FOUND
        assert not fake.requests["ModelInfer"]


def test_server_that_does_not_say_what_its_model_takes() -> None:
    def silent(request, _context):
        return messages.ModelMetadataResponse(name=request.name)

    with (
        serving(ModelMetadata=silent, ModelInfer=doubler) as fake,
        Model.connect(fake.address, "any") as model,
    ):
        assert model.signatures == {}
        assert model(x=[1.5])["y"].dtype == np.float64
        model.run({"x": X}, "other")
        assert fake.requests["ModelInfer"][-1].parameters["signature_name"].string_param == "other"


def test_dtype_that_has_no_name_here() -> None:
    def odd(request, _context):
        response = messages.ModelMetadataResponse(name=request.name)
        response.inputs.add(name="x", datatype="DECIMAL", shape=[1])
        return response

    with serving(ModelMetadata=odd) as fake, Model.connect(fake.address, "any") as model:
        error = refusal(model, x=X)
        assert error.code == Code.UNIMPLEMENTED
        assert 'input "x"' in error.message


def test_answer_that_does_not_add_up_is_the_servers_fault() -> None:
    def short(request, context):
        response = doubler(request, context)
        response.raw_output_contents[0] = response.raw_output_contents[0][1:]
        return response

    with (
        serving(ModelMetadata=doubler_metadata, ModelInfer=short) as fake,
        Model.connect(fake.address, "any") as model,
    ):
        error = refusal(model, x=X)
        assert error.code == Code.INTERNAL
        assert fake.address in error.message
        assert 'tensor "y" has 11 bytes' in error.message


def test_damaged_signatures() -> None:
    def damaged(_request, _context):
        response = messages.GetModelMetadataResponse()
        response.metadata["signature_def"].value = b"\xff"
        return response

    with serving(GetModelMetadata=damaged) as fake:
        error = refusal(Model.connect, fake.address, "any")
        assert error.code == Code.INTERNAL
        assert '"any"' in error.message
