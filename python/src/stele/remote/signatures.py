"""What signatures a model on a server has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf.message import DecodeError

from stele import savedmodel
from stele.contract import dtypes
from stele.contract.codes import Code, SteleError
from stele.contract.signature import DEFAULT_SIGNATURE, Signature, TensorSpec
from stele.remote.connection import Connection
from stele.wire import messages

_FIELD = "signature_def"

# Where a server has no such API, or no model of this name in it, the other knows.
_ASK_THE_OTHER = (Code.UNIMPLEMENTED, Code.NOT_FOUND)


def fetch(connection: Connection, name: str, version: str) -> dict[str, Signature] | None:
    """Ask for a model's signatures.

    TensorFlow Serving's API tells them all as the SavedModel has them. The Open
    Inference Protocol has one signature, called ``serving_default`` here.

    Returns:
        The signatures by name, sorted; None when the server does not say what its
        model takes, as the protocol allows.

    Raises:
        SteleError: NOT_FOUND when there is no such model; as `Connection.call`.
    """
    # TensorFlow Serving's versions are numbers.
    if not version or (version.isascii() and version.isdigit()):
        try:
            return _of_tensorflow_serving(connection, name, version)
        except SteleError as error:
            if error.code not in _ASK_THE_OTHER:
                raise
    return _of_open_inference(connection, name, version)


def _of_tensorflow_serving(connection: Connection, name: str, version: str) -> dict[str, Signature]:
    request = messages.GetModelMetadataRequest(metadata_field=[_FIELD])
    request.model_spec.name = name
    if version:
        request.model_spec.version.value = int(version)
    response = connection.call(messages.PREDICTION, "GetModelMetadata", request)
    try:
        found = messages.SignatureDefMap.FromString(response.metadata[_FIELD].value)
    except DecodeError as error:
        raise SteleError(
            Code.INTERNAL, f'{connection.address}: the signatures of "{name}" are damaged'
        ) from error
    return savedmodel.signatures(found)


def _of_open_inference(
    connection: Connection, name: str, version: str
) -> dict[str, Signature] | None:
    request = messages.ModelMetadataRequest(name=name, version=version)
    response = connection.call(messages.OPEN_INFERENCE, "ModelMetadata", request)
    if not response.inputs and not response.outputs:
        return None
    default = DEFAULT_SIGNATURE
    inputs, outputs = _specs(response.inputs), _specs(response.outputs)
    return {default: Signature(default, inputs, outputs, method="")}


def _specs(entries: Iterable[Any]) -> tuple[TensorSpec, ...]:
    specs = []
    for entry in entries:
        dtype = dtypes.BY_NAME.get(entry.datatype)
        shape = tuple(None if size < 0 else size for size in entry.shape)
        # The graph's tensor is the server's own business; it is there.
        specs.append(TensorSpec(entry.name, dtype.number if dtype else 0, shape, ref=entry.name))
    return tuple(sorted(specs, key=lambda spec: spec.name))
