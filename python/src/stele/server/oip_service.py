"""The Open Inference Protocol: methods named after its RPCs.

Each takes a request message and a `Call`, and returns the response message.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from stele.contract import config
from stele.contract.codes import Code, SteleError
from stele.contract.signature import (
    DEFAULT_SIGNATURE,
    DEFAULT_TAGS,
    TensorSpec,
    find_signature,
    parse_tags,
)
from stele.server.call import Call
from stele.server.inference import Inference
from stele.server.repository import Repository, Source, unknown_model
from stele.server.version import Version
from stele.wire import messages, oip
from stele.wire.messages import Message

_PLATFORM = "tensorflow_savedmodel"

# Parameters of Triton's extensions that change what an answer is: to ignore one
# would be to answer another question.
_FOREIGN = ("classification", "shared_memory_region")


class OpenInference:
    """Answers ``inference.GRPCInferenceService``."""

    def __init__(
        self, repository: Repository, inference: Inference, *, session_config: bytes, explicit: bool
    ) -> None:
        """Answer from a repository.

        Args:
            repository: The models.
            inference: Runs them.
            session_config: For models that a client loads without saying one.
            explicit: Whether clients may load and unload models.
        """
        self._repository = repository
        self._inference = inference
        self._session_config = session_config
        self._explicit = explicit
        self._draining = False

    def drain(self) -> None:
        """Tell from now on that the server is not ready."""
        self._draining = True

    def ServerLive(self, _request: Message, _call: Call) -> Message:  # noqa: N802
        """The server runs, or nobody would answer."""
        return messages.ServerLiveResponse(live=True)

    def ServerReady(self, _request: Message, _call: Call) -> Message:  # noqa: N802
        """Every model is loaded before the server listens."""
        return messages.ServerReadyResponse(ready=not self._draining)

    def ServerMetadata(self, _request: Message, _call: Call) -> Message:  # noqa: N802
        """Name, version, extensions."""
        return messages.ServerMetadataResponse(
            name="stele", version=metadata.version("tf-stele"), extensions=["model_repository"]
        )

    def ModelReady(self, request: Message, _call: Call) -> Message:  # noqa: N802
        """A model that is there can answer.

        Raises:
            SteleError: NOT_FOUND.
        """
        self._version(request.name, request.version)
        return messages.ModelReadyResponse(ready=not self._draining)

    def ModelMetadata(self, request: Message, _call: Call) -> Message:  # noqa: N802
        """Inputs and outputs of the default signature.

        Raises:
            SteleError: NOT_FOUND for the model or its default signature.
        """
        version = self._version(request.name, request.version)
        signature = find_signature(version.signatures, DEFAULT_SIGNATURE)
        response = messages.ModelMetadataResponse(
            name=request.name, versions=[str(version.number)], platform=_PLATFORM
        )
        for entries, specs in (
            (response.inputs, signature.inputs),
            (response.outputs, signature.outputs),
        ):
            for spec in specs:
                entries.add(name=spec.name, datatype=spec.dtype, shape=_shape(spec))
        return response

    def ModelInfer(self, request: Message, call: Call) -> Message:  # noqa: N802
        """Run a signature.

        Raises:
            SteleError: NOT_FOUND for model, version or signature; else as
                `oip.take_inputs` and `Inference.run`.
        """
        version = self._version(request.model_name, request.model_version)
        _refuse_foreign(request)
        inputs = oip.take_inputs(request)
        prepared = version.prepare(_signature_name(request.parameters))
        wanted = [output.name for output in request.outputs]
        outputs = self._inference.run(prepared, inputs, wanted, call)
        response = messages.ModelInferResponse(
            model_name=request.model_name, model_version=str(version.number), id=request.id
        )
        oip.put_outputs(response, outputs, raw=not oip.is_typed(request))
        return response

    def RepositoryIndex(self, request: Message, _call: Call) -> Message:  # noqa: N802, ARG002
        """The models. All of them are ready: one that cannot be loaded is not there."""
        response = messages.RepositoryIndexResponse()
        for name in self._repository.names():
            served = self._repository.find(name)
            if served is not None:
                response.models.add(name=name, version=str(served.current.number), state="READY")
        return response

    def RepositoryModelLoad(self, request: Message, _call: Call) -> Message:  # noqa: N802
        """Load a SavedModel folder of this machine, or again one that is there.

        Raises:
            SteleError: FAILED_PRECONDITION unless models are controlled explicitly;
                INVALID_ARGUMENT for parameters; else as `Repository.load`.
        """
        self._require_explicit()
        if not request.model_name:
            raise SteleError(Code.INVALID_ARGUMENT, "model_name is empty")
        self._repository.load(request.model_name, self._source(request))
        return messages.RepositoryModelLoadResponse()

    def RepositoryModelUnload(self, request: Message, _call: Call) -> Message:  # noqa: N802
        """Forget a model.

        Raises:
            SteleError: FAILED_PRECONDITION unless models are controlled explicitly;
                NOT_FOUND.
        """
        self._require_explicit()
        self._repository.unload(request.model_name)
        return messages.RepositoryModelUnloadResponse()

    def _require_explicit(self) -> None:
        if not self._explicit:
            raise SteleError(
                Code.FAILED_PRECONDITION,
                "this server's models are fixed; start it with --model-control explicit",
            )

    def _source(self, request: Message) -> Source:
        """Read the parameters of a load; what is left out stays as it was, if it was."""
        path = _text(request.parameters, "path")
        tags = _text(request.parameters, "tags")
        config_text = _text(request.parameters, "config")
        served = self._repository.find(request.model_name)
        if path is None and served is None:
            raise SteleError(
                Code.INVALID_ARGUMENT, f'model "{request.model_name}": parameter "path" is missing'
            )
        before = served.source if path is None and served is not None else None
        folder = before.folder if before is not None else Path((path or "").removeprefix("file://"))
        if tags is not None:
            tag_set = parse_tags(tags)
        else:
            tag_set = frozenset(before.tags if before is not None else DEFAULT_TAGS)
        if config_text is not None:
            session_config = config.parse(config_text)
        else:
            session_config = before.session_config if before is not None else self._session_config
        return Source(folder, tag_set, session_config)

    def _version(self, name: str, version: str) -> Version:
        """Find what answers.

        Raises:
            SteleError: NOT_FOUND, naming what is there.
        """
        served = self._repository.find(name)
        if served is None:
            raise unknown_model(name, self._repository.names())
        current = served.current
        if version and version != str(current.number):
            raise SteleError(
                Code.NOT_FOUND,
                f'no version "{version}" of model "{name}"; this server has "{current.number}"',
            )
        return current


def _text(parameters: Mapping[str, Message], name: str) -> str | None:
    """Return a parameter that must be a string; None if it is not given."""
    if name not in parameters:
        return None
    if parameters[name].WhichOneof("parameter_choice") != "string_param":
        raise SteleError(Code.INVALID_ARGUMENT, f'parameter "{name}" is not a string')
    text: str = parameters[name].string_param
    return text


def _signature_name(parameters: Mapping[str, Message]) -> str:
    return _text(parameters, "signature_name") or DEFAULT_SIGNATURE


def _refuse_foreign(request: Message) -> None:
    for kind, tensors in (("input", request.inputs), ("output", request.outputs)):
        for tensor in tensors:
            for name in tensor.parameters:
                if name in _FOREIGN:
                    raise SteleError(
                        Code.UNIMPLEMENTED,
                        f'{kind} "{tensor.name}" has parameter "{name}", which this server '
                        "does not offer",
                    )


def _shape(spec: TensorSpec) -> list[int]:
    """Write a shape as the protocol does, which has no form for an unknown rank."""
    if spec.shape is None:
        return [-1]
    return [-1 if dim is None else dim for dim in spec.shape]
