"""The messages and methods of both services, from a descriptor pool of their own.

tritonclient and tensorflow-serving-api register the same names in protobuf's
default pool, where a name can have one definition. Ours live in ``POOL``, so that
all of them work in one process.

Attributes are for messages that code names: ``messages.ModelInferRequest``.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import Any, TypeAlias

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

# A message, whose class is made at run time: type checkers know nothing of it.
Message: TypeAlias = Any

# One of protobuf's repeated fields.
Repeated: TypeAlias = Any

OPEN_INFERENCE = "inference.GRPCInferenceService"
PREDICTION = "tensorflow.serving.PredictionService"
MODEL = "tensorflow.serving.ModelService"
SERVICES = (OPEN_INFERENCE, PREDICTION, MODEL)


def files() -> descriptor_pb2.FileDescriptorSet:
    """Return the descriptors of ``proto/``, each file after those that it imports."""
    data = resources.files("stele._proto").joinpath("services.binpb").read_bytes()
    return descriptor_pb2.FileDescriptorSet.FromString(data)


def _pool() -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    for file in files().file:
        pool.Add(file)
    return pool


POOL = _pool()


def _classes() -> dict[str, type[Message]]:
    """Make the class of every message, nested ones too, by full name."""
    found = {}
    todo = [
        descriptor
        for file in files().file
        for descriptor in POOL.FindFileByName(file.name).message_types_by_name.values()
    ]
    while todo:
        descriptor = todo.pop()
        found[descriptor.full_name] = message_factory.GetMessageClass(descriptor)
        todo += descriptor.nested_types
    return found


# protobuf makes a class when it is first needed, and frees it once nobody refers to
# it; up to 6.33 it then crashes when one thread frees what another is about to use.
# Generated modules refer to all of theirs for ever, and so does this one.
_CLASSES = _classes()


def message(name: str) -> type[Message]:
    """Return a message's class by its full name.

    Raises:
        KeyError: There is none.
    """
    return _CLASSES[name]


@dataclass(frozen=True)
class Method:
    """One RPC, unary in both directions.

    Attributes:
        name: Such as ``ModelInfer``.
        path: Such as ``/inference.GRPCInferenceService/ModelInfer``.
        request: The message's class.
        response: The message's class.
    """

    name: str
    path: str
    request: type[Message]
    response: type[Message]


def methods(service: str) -> dict[str, Method]:
    """Return the RPCs of a service, by name.

    Raises:
        KeyError: There is no such service.
    """
    return {
        method.name: Method(
            method.name,
            f"/{service}/{method.name}",
            _CLASSES[method.input_type.full_name],
            _CLASSES[method.output_type.full_name],
        )
        for method in POOL.FindServiceByName(service).methods
    }


ModelInferRequest = message("inference.ModelInferRequest")
ModelInferResponse = message("inference.ModelInferResponse")
ModelMetadataRequest = message("inference.ModelMetadataRequest")
ModelMetadataResponse = message("inference.ModelMetadataResponse")
ModelReadyRequest = message("inference.ModelReadyRequest")
ModelReadyResponse = message("inference.ModelReadyResponse")
ServerLiveRequest = message("inference.ServerLiveRequest")
ServerLiveResponse = message("inference.ServerLiveResponse")
ServerReadyRequest = message("inference.ServerReadyRequest")
ServerReadyResponse = message("inference.ServerReadyResponse")
ServerMetadataRequest = message("inference.ServerMetadataRequest")
ServerMetadataResponse = message("inference.ServerMetadataResponse")
RepositoryIndexRequest = message("inference.RepositoryIndexRequest")
RepositoryIndexResponse = message("inference.RepositoryIndexResponse")
RepositoryModelLoadRequest = message("inference.RepositoryModelLoadRequest")
RepositoryModelLoadResponse = message("inference.RepositoryModelLoadResponse")
RepositoryModelUnloadRequest = message("inference.RepositoryModelUnloadRequest")
RepositoryModelUnloadResponse = message("inference.RepositoryModelUnloadResponse")

TensorProto = message("tensorflow.serving.TensorProto")
ModelSpec = message("tensorflow.serving.ModelSpec")
PredictRequest = message("tensorflow.serving.PredictRequest")
PredictResponse = message("tensorflow.serving.PredictResponse")
GetModelMetadataRequest = message("tensorflow.serving.GetModelMetadataRequest")
GetModelMetadataResponse = message("tensorflow.serving.GetModelMetadataResponse")
SignatureDefMap = message("tensorflow.serving.SignatureDefMap")
GetModelStatusRequest = message("tensorflow.serving.GetModelStatusRequest")
GetModelStatusResponse = message("tensorflow.serving.GetModelStatusResponse")
