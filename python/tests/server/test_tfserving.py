"""TensorFlow Serving's API: its codes and its texts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stele._proto import saved_model_pb2 as pb
from stele.wire import messages as m
from stele.wire import tensor_proto

from .client import Client, outputs_of
from .conftest import refused

X = np.array([[1, 2], [3, 4]], np.float32)


@pytest.mark.parametrize("put", [tensor_proto.put, tensor_proto.put_content])
def test_predict(bench: Client, put) -> None:
    response = bench.predict("bench", {"x": X}, put=put)
    spec = response.model_spec
    assert (spec.name, spec.version.value, spec.signature_name) == ("bench", 1, "serving_default")
    assert outputs_of(response)["y"].tolist() == (X * 2).tolist()
    # Clients that know no TensorFlow read this field.
    assert list(response.outputs["y"].float_val) == [2, 4, 6, 8]


def test_output_filter(bench: Client) -> None:
    assert set(bench.predict("bench", {"x": X}, outputs=("y",)).outputs) == {"y"}
    with refused("INVALID_ARGUMENT", '"nowhere"'):
        bench.predict("bench", {"x": X}, outputs=("nowhere",))


def test_a_version_by_number(bench: Client) -> None:
    assert bench.predict("bench", {"x": X}, version={"value": 1}).model_spec.version.value == 1


@pytest.mark.parametrize(
    ("spec", "code", "text"),
    [
        ({"name": "M"}, "NOT_FOUND", "Servable not found for request: Latest(M)"),
        (
            {"name": "bench", "version": {"value": 2}},
            "NOT_FOUND",
            "Servable not found for request: Specific(bench, 2)",
        ),
        (
            {"name": "bench", "version_label": "stable"},
            "INVALID_ARGUMENT",
            "Unrecognized servable version label: stable",
        ),
        ({}, "INVALID_ARGUMENT", "Missing ModelSpec"),
        ({"signature_name": "s"}, "INVALID_ARGUMENT", "ModelSpec has no name specified."),
    ],
)
def test_what_is_not_there(bench: Client, spec, code: str, text: str) -> None:
    with refused(code, text):
        bench.rpc(m.PREDICTION, "Predict")(m.PredictRequest(model_spec=spec or None))
    with refused(code, text):
        bench.metadata("signature_def", **spec)


def test_a_signature_that_is_not_there(bench: Client) -> None:
    with refused("FAILED_PRECONDITION", 'Serving signature key "S" not found.'):
        bench.predict("bench", {"x": X}, "S")


def test_metadata_is_what_the_saved_model_has(bench: Client, models: Path) -> None:
    response = bench.metadata("signature_def", name="bench")
    assert response.model_spec.version.value == 1
    entry = response.metadata["signature_def"]
    assert entry.type_url == "type.googleapis.com/tensorflow.serving.SignatureDefMap"
    signatures = m.SignatureDefMap.FromString(entry.value).signature_def
    file = models / "bench" / "saved_model.pb"
    graph = pb.SavedModel.FromString(file.read_bytes()).meta_graphs[0]
    private = "__saved_model_init_op"
    assert set(signatures) == set(graph.signature_def) - {private}
    for name, signature in signatures.items():
        # Every field, those too that proto/saved_model.proto does not know.
        assert signature.SerializeToString(deterministic=True) == graph.signature_def[
            name
        ].SerializeToString(deterministic=True)


def test_metadata_of_other_kinds(bench: Client) -> None:
    with refused("INVALID_ARGUMENT", "Metadata field labels is not supported"):
        bench.metadata("labels", name="bench")
    with refused(
        "INVALID_ARGUMENT", "GetModelMetadataRequest must specify at least one metadata_field"
    ):
        bench.metadata(name="bench")


def test_status(bench: Client) -> None:
    for spec in ({"name": "bench"}, {"name": "bench", "version": {"value": 1}}):
        (status,) = bench.status(**spec).model_version_status
        assert (status.version, status.state, status.status.error_code) == (1, 30, 0)
    with refused("NOT_FOUND", "Could not find any versions of model M"):
        bench.status(name="M")
    with refused("NOT_FOUND", "Could not find version 7 of model bench"):
        bench.status(name="bench", version={"value": 7})
    with refused("INVALID_ARGUMENT", "Missing ModelSpec"):
        bench.status()
