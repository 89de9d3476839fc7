"""The private pool: no clash with packages that register the same names."""

from __future__ import annotations

import gc
import weakref

from google.protobuf import descriptor_pool

from stele.wire import messages


def test_nothing_is_registered_in_the_default_pool() -> None:
    for name in ("inference.ModelInferRequest", "tensorflow.serving.PredictRequest"):
        assert messages.POOL.FindMessageTypeByName(name) is not None
        try:
            found = descriptor_pool.Default().FindMessageTypeByName(name)
        except KeyError:
            continue
        # Another test's package may have brought it: it must not be ours.
        assert found.file.pool is not messages.POOL


def test_methods_know_their_path_and_messages() -> None:
    infer = messages.methods(messages.OPEN_INFERENCE)["ModelInfer"]
    assert infer.path == "/inference.GRPCInferenceService/ModelInfer"
    assert infer.request is messages.ModelInferRequest
    assert infer.response is messages.ModelInferResponse
    assert set(messages.methods(messages.PREDICTION)) == {"Predict", "GetModelMetadata"}
    assert set(messages.methods(messages.MODEL)) == {"GetModelStatus"}


def test_a_field_where_implementations_disagree_is_reserved() -> None:
    descriptor = messages.ModelMetadataResponse.DESCRIPTOR
    assert 6 not in descriptor.fields_by_number


def test_no_class_is_ever_freed() -> None:
    """A class that is freed while another thread needs it crashes the process."""
    request = messages.ModelInferRequest()
    request.parameters["a"].int64_param = 1
    request.inputs.add().contents.SetInParent()
    seen = [
        weakref.ref(type(message))
        for message in (request.parameters["a"], request.inputs[0], request.inputs[0].contents)
    ]
    del request
    gc.collect()
    assert None not in [reference() for reference in seen]
