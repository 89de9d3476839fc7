"""TensorFlow Serving's API: methods named after its RPCs, its codes, its texts.

Where TensorFlow Serving has a code and a text that clients may know, they are
used; where an input does not fit, the message is stele's, which says more.
"""

from __future__ import annotations

from stele.contract.codes import Code, SteleError
from stele.contract.signature import DEFAULT_SIGNATURE
from stele.server.call import Call
from stele.server.inference import Inference
from stele.server.repository import Repository, Served
from stele.server.version import Version
from stele.wire import messages, tensor_proto
from stele.wire.messages import Message

_SIGNATURE_DEF = "signature_def"
_TYPE_URL = "type.googleapis.com/tensorflow.serving.SignatureDefMap"


class TensorFlowServing:
    """Answers ``PredictionService`` and ``ModelService`` of ``tensorflow.serving``."""

    def __init__(self, repository: Repository, inference: Inference) -> None:
        self._repository = repository
        self._inference = inference

    def Predict(self, request: Message, call: Call) -> Message:  # noqa: N802
        """Run a signature.

        Raises:
            SteleError: NOT_FOUND for the model; FAILED_PRECONDITION for the signature;
                else as `tensor_proto.take` and `Inference.run`.
        """
        version = self._version(request)
        inputs = [(name, tensor_proto.take(name, proto)) for name, proto in request.inputs.items()]
        name = request.model_spec.signature_name or DEFAULT_SIGNATURE
        if name not in version.signatures:
            raise SteleError(Code.FAILED_PRECONDITION, f'Serving signature key "{name}" not found.')
        prepared = version.prepare(name)
        outputs = self._inference.run(prepared, inputs, list(request.output_filter), call)
        response = messages.PredictResponse()
        _put_spec(response.model_spec, request.model_spec.name, version)
        response.model_spec.signature_name = name
        for output, array in outputs.items():
            tensor_proto.put(response.outputs[output], array)
        return response

    def GetModelMetadata(self, request: Message, _call: Call) -> Message:  # noqa: N802
        """The signatures, as the SavedModel has them.

        Raises:
            SteleError: INVALID_ARGUMENT for another field; NOT_FOUND for the model.
        """
        if not request.HasField("model_spec"):
            raise SteleError(Code.INVALID_ARGUMENT, "Missing ModelSpec")
        if not request.metadata_field:
            raise SteleError(
                Code.INVALID_ARGUMENT,
                "GetModelMetadataRequest must specify at least one metadata_field",
            )
        for field in request.metadata_field:
            if field != _SIGNATURE_DEF:
                raise SteleError(Code.INVALID_ARGUMENT, f"Metadata field {field} is not supported")
        version = self._version(request)
        signatures = messages.SignatureDefMap()
        for name, data in version.signature_defs.items():
            signatures.signature_def[name].MergeFromString(data)
        response = messages.GetModelMetadataResponse()
        _put_spec(response.model_spec, request.model_spec.name, version)
        entry = response.metadata[_SIGNATURE_DEF]
        entry.type_url = _TYPE_URL
        entry.value = signatures.SerializeToString()
        return response

    def GetModelStatus(self, request: Message, _call: Call) -> Message:  # noqa: N802
        """What became of a model's versions, newest first.

        Raises:
            SteleError: NOT_FOUND for the model or the version.
        """
        if not request.HasField("model_spec"):
            raise SteleError(Code.INVALID_ARGUMENT, "Missing ModelSpec")
        spec = request.model_spec
        served = self._repository.find(spec.name)
        if served is None:
            raise SteleError(Code.NOT_FOUND, f"Could not find any versions of model {spec.name}")
        wanted = _wanted(spec)
        history = served.history
        if wanted is not None and wanted not in history:
            raise SteleError(
                Code.NOT_FOUND, f"Could not find version {wanted} of model {spec.name}"
            )
        response = messages.GetModelStatusResponse()
        for number in sorted(history, reverse=True):
            if wanted in (None, number):
                status = history[number]
                entry = response.model_version_status.add(version=number, state=status.state)
                entry.status.SetInParent()
                if status.error is not None:
                    entry.status.error_code = status.error.code
                    entry.status.error_message = status.error.message
        return response

    def _version(self, request: Message) -> Version:
        """Find what answers.

        Raises:
            SteleError: INVALID_ARGUMENT without a model or for a label; NOT_FOUND.
        """
        if not request.HasField("model_spec"):
            raise SteleError(Code.INVALID_ARGUMENT, "Missing ModelSpec")
        spec = request.model_spec
        if not spec.name:
            raise SteleError(Code.INVALID_ARGUMENT, "ModelSpec has no name specified.")
        wanted = _wanted(spec)
        served: Served | None = self._repository.find(spec.name)
        current = served.current if served is not None else None
        if current is None or wanted not in (None, current.number):
            query = f"Latest({spec.name})" if wanted is None else f"Specific({spec.name}, {wanted})"
            raise SteleError(Code.NOT_FOUND, f"Servable not found for request: {query}")
        return current


def _wanted(spec: Message) -> int | None:
    """Return the version that a ModelSpec asks for; None for the newest."""
    choice = spec.WhichOneof("version_choice")
    if choice == "version_label":
        # Labels are given in TensorFlow Serving's config file, which is not here.
        raise SteleError(
            Code.INVALID_ARGUMENT, f"Unrecognized servable version label: {spec.version_label}"
        )
    return int(spec.version.value) if choice == "version" else None


def _put_spec(spec: Message, name: str, version: Version) -> None:
    spec.name = name
    spec.version.value = version.number
