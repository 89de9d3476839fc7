"""proto/ is on the wire what the published packages have, message by message."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from stele.wire import messages
from tests.interop import descriptors
from tests.interop.conftest import require

_OIP = ("inference.",)
_SERVING = ("tensorflow.serving.", "stele.savedmodel.")

# Package -> its modules, and the names that are its business.
PACKAGES = {
    "tritonclient": (("tritonclient.grpc.service_pb2",), _OIP),
    "mlserver": (("mlserver.grpc.dataplane_pb2", "mlserver.grpc.model_repository_pb2"), _OIP),
    "kserve": (("kserve.protocol.grpc.grpc_predict_v2_pb2",), _OIP),
    "tensorflow-serving-api": (
        (
            *(
                f"tensorflow_serving.apis.{name}_pb2"
                for name in (
                    "predict", "get_model_metadata", "get_model_status", "model", "status",
                    "prediction_service", "model_service", "prediction_log",
                )
            ),
            "tensorflow.core.framework.tensor_pb2",
            "tensorflow.core.framework.tensor_shape_pb2",
            "tensorflow.core.protobuf.meta_graph_pb2",
            "tensorflow.core.protobuf.saved_model_pb2",
            "google.protobuf.any_pb2",
            "google.protobuf.wrappers_pb2",
        ),
        _SERVING,
    ),
}  # fmt: skip

# What lives in other packages there, and in one file here: the same on the wire.
ALIASES = {
    "tensorflow.serving.Any": "google.protobuf.Any",
    "tensorflow.serving.Int64Value": "google.protobuf.Int64Value",
    "tensorflow.serving.TensorProto": "tensorflow.TensorProto",
    "stele.savedmodel.TensorShape": "tensorflow.TensorShapeProto",
    "stele.savedmodel.TensorShape.Dim": "tensorflow.TensorShapeProto.Dim",
    **{
        f"stele.savedmodel.{name}": f"tensorflow.{name}"
        for name in (
            "SavedModel", "MetaGraphDef", "MetaGraphDef.MetaInfoDef",
            "MetaGraphDef.SignatureDefEntry", "SignatureDef", "SignatureDef.InputsEntry",
            "SignatureDef.OutputsEntry", "SignatureDef.DefaultsEntry", "TensorInfo",
        )
    },
}  # fmt: skip

_NEWER = "Triton's own addition; a server without it ignores it"
_METADATA = "only MLServer has it; reserved here, for others number it otherwise"
_REPOSITORY = "KServe's repository extension is its own; here it is Triton's"
_ENUM = "an enum there, a number here: the same varint"
_CHOICE = "a choice among others there, sparse and composite tensors, which are not read here"
_APART = "a message there; here its bytes, which are read as that message later"
_UNREAD = "a message there; here its bytes, which are kept and not read"

# Package -> every difference, and why it is there.
DEVIATIONS = {
    "tritonclient": {},
    "mlserver": {
        "inference.InferParameter.4: double_param, not there": _NEWER,
        "inference.InferParameter.5: uint64_param, not there": _NEWER,
        "inference.ModelMetadataResponse.6: parameters, only there": _METADATA,
        "inference.ModelMetadataResponse.TensorMetadata.4: parameters, only there": _METADATA,
    },
    "kserve": {
        "inference.InferParameter.4: double_param, not there": _NEWER,
        "inference.InferParameter.5: uint64_param, not there": _NEWER,
        "inference.GRPCInferenceService/RepositoryIndex, not there": _REPOSITORY,
        "inference.ModelRepositoryParameter, not there": _REPOSITORY,
        "inference.RepositoryIndexRequest, not there": _REPOSITORY,
        "inference.RepositoryIndexResponse, not there": _REPOSITORY,
        "inference.RepositoryIndexResponse.ModelIndex, not there": _REPOSITORY,
        **{
            f"inference.RepositoryModel{verb}{what}": _REPOSITORY
            for verb, past in (("Load", "isLoaded"), ("Unload", "isUnloaded"))
            for what in (
                "Request.1: repository_name, model_name there",
                "Request.2: model_name, not there",
                "Request.3: parameters, not there",
                "Request.ParametersEntry, not there",
                "Response.1: model_name, only there",
                f"Response.2: {past}, only there",
            )
        },
    },
    "tensorflow-serving-api": {
        "stele.savedmodel.SignatureDef.DefaultsEntry.2: value, otherwise there": _APART,
        "tensorflow.serving.TensorProto.1: dtype, otherwise there": _ENUM,
        "tensorflow.serving.StatusProto.1: error_code, otherwise there": _ENUM,
        "stele.savedmodel.TensorInfo.1: name, otherwise there": _CHOICE,
        "stele.savedmodel.TensorInfo.2: dtype, otherwise there": _ENUM,
        "stele.savedmodel.MetaGraphDef.2: graph_def, otherwise there": _UNREAD,
        "stele.savedmodel.MetaGraphDef.3: saver_def, otherwise there": _UNREAD,
    },
}


def ours() -> dict[str, Any]:
    return descriptors.describe(
        [messages.POOL.FindFileByName(file.name) for file in messages.files().file]
    )


def theirs(package: str) -> dict[str, Any]:
    modules, _ = PACKAGES[package]
    printed = subprocess.run(
        [require(package).python, descriptors.__file__, *modules],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    ).stdout
    return json.loads(printed)


def differences(package: str) -> set[str]:
    _, prefixes = PACKAGES[package]
    # The Open Inference Protocol is declared here as a whole; of TensorFlow's
    # messages only the fields that are used, which others may follow.
    whole = prefixes == _OIP
    here, there = ours(), theirs(package)
    found = set()
    for name, fields in here["messages"].items():
        if not name.startswith(prefixes):
            continue
        other = there["messages"].get(ALIASES.get(name, name))
        if other is None:
            found.add(f"{name}, not there")
            continue
        for number in sorted({*fields, *(other if whole else ())}, key=int):
            difference = compare(fields.get(number), other.get(number))
            if difference:
                found.add(f"{name}.{number}: {difference}")
    for service, rpcs in here["services"].items():
        for rpc, types in rpcs.items() if service.startswith(prefixes) else ():
            if there["services"].get(service, {}).get(rpc) != types:
                found.add(f"{service}/{rpc}, not there")
    return found


def compare(field: dict[str, Any] | None, other: dict[str, Any] | None) -> str:
    if field is None:
        assert other is not None
        return f"{other['name']}, only there"
    if other is None:
        return f"{field['name']}, not there"
    if field["name"] != other["name"]:
        return f"{field['name']}, {other['name']} there"
    named = field | {"of": ALIASES.get(field["of"], field["of"])}
    return "" if named == other else f"{field['name']}, otherwise there"


@pytest.mark.parametrize("package", PACKAGES)
def test_messages_on_the_wire(package: str) -> None:
    assert differences(package) == set(DEVIATIONS[package])
