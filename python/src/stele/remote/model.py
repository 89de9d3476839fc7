"""A model on a server."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Never, Self

from numpy.typing import ArrayLike

from stele.contract.codes import Code, SteleError
from stele.contract.dtypes import Array
from stele.contract.names import require_name
from stele.contract.signature import DEFAULT_SIGNATURE, Signature, check_inputs, find_signature
from stele.remote import signatures
from stele.remote.arrays import Inputs, as_tensors, by_name_only
from stele.remote.channel import MOST_RETRIES, RootCertificates
from stele.remote.connection import Connection
from stele.wire import messages, oip


class Model:
    """A model on a server; any number of threads may run it at once.

    Inputs are checked here first, with the checks and the words of a model in
    this process; the server checks again.

    Attributes:
        name: The model's, on the server.
        version: Asked for; empty for the newest at each call.
        connection: To the server.
    """

    def __init__(self, connection: Connection, name: str, version: str = "") -> None:
        """Ask the server for a model's signatures.

        Args:
            connection: To the server; it stays the caller's to close.
            name: The model's.
            version: A certain one; empty for the newest.

        Raises:
            SteleError: NOT_FOUND when there is no such model; as `Connection.call`.
        """
        self.name = require_name(name)
        self.version = require_name(version)
        self.connection = connection
        self._owns_connection = False
        self._closed = False
        self._signatures = signatures.fetch(connection, name, version)

    @classmethod
    def connect(
        cls,
        address: str,
        name: str,
        version: str = "",
        *,
        deadline: float | None = None,
        retries: int = MOST_RETRIES,
        tls: RootCertificates = False,
        max_message: int | None = None,
    ) -> Self:
        """Connect to a server and ask for a model's signatures.

        Args:
            address: The server's ``host:port``.
            name: The model's.
            version: A certain one; empty for the newest.
            deadline: As `Connection`.
            retries: As `Connection`.
            tls: As `Connection`.
            max_message: As `Connection`.

        Raises:
            SteleError: UNAVAILABLE when no server answers; NOT_FOUND when it has no
                such model; as `Connection`.
        """
        connection = Connection(
            address, deadline=deadline, retries=retries, tls=tls, max_message=max_message
        )
        try:
            model = cls(connection, name, version)
        except BaseException:
            connection.close()
            raise
        model._owns_connection = True
        return model

    @property
    def signatures(self) -> Mapping[str, Signature]:
        """Signatures by name; empty when the server does not say what its model takes."""
        return MappingProxyType(self._signatures or {})

    def __call__(self, *unnamed: Never, **inputs: ArrayLike) -> dict[str, Array]:
        """Run the default signature, with an argument by name for each input.

        Raises:
            SteleError: As `run`.
        """
        return self.prepare()(*unnamed, **inputs)

    def run(
        self,
        inputs: Inputs,
        signature: str = DEFAULT_SIGNATURE,
        *,
        deadline: float | None = None,
    ) -> dict[str, Array]:
        """Run a signature.

        Args:
            inputs: Arrays, or what numpy makes one of, by name.
            signature: The signature's name.
            deadline: Seconds for this call; None for those of the connection.

        Returns:
            Every output by name.

        Raises:
            SteleError: NOT_FOUND for the signature, INVALID_ARGUMENT for an input;
                the model's own; as `Connection.call`.
        """
        return self.prepare(signature).run(inputs, deadline=deadline)

    def prepare(self, signature: str = DEFAULT_SIGNATURE) -> Runner:
        """Look a signature up once, to run it often.

        Raises:
            SteleError: NOT_FOUND, naming those there; UNIMPLEMENTED for one with a
                sparse tensor; FAILED_PRECONDITION when the model is closed.
        """
        self._require_open()
        require_name(signature)
        if self._signatures is None:
            return Runner(self, signature, None)
        return Runner(self, signature, find_signature(self._signatures, signature))

    def _require_open(self) -> None:
        if self._closed:
            raise SteleError(Code.FAILED_PRECONDITION, "the model is closed")

    def close(self) -> None:
        """Let go of the model, and of the connection if `connect` made it."""
        self._closed = True
        if self._owns_connection:
            self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


class Runner:
    """One signature of a model on a server.

    Attributes:
        signature: What it takes and gives; None when the server does not say.
    """

    def __init__(self, model: Model, name: str, signature: Signature | None) -> None:
        self.signature = signature
        self._model = model
        self._request = messages.ModelInferRequest(
            model_name=model.name, model_version=model.version
        )
        # Other servers ignore the parameter; only a choice is worth its bytes.
        if name != DEFAULT_SIGNATURE:
            self._request.parameters["signature_name"].string_param = name

    def __call__(self, *unnamed: Never, **inputs: ArrayLike) -> dict[str, Array]:
        """Run it, with an argument by name for each input.

        Raises:
            SteleError: As `run`.
        """
        by_name_only(unnamed, self.signature)
        return self.run(inputs)

    def run(self, inputs: Inputs, *, deadline: float | None = None) -> dict[str, Array]:
        """Run it.

        Args:
            inputs: Arrays, or what numpy makes one of, by name.
            deadline: Seconds for this call; None for those of the connection.

        Returns:
            Every output by name, in arrays of the caller's own.

        Raises:
            SteleError: As `Model.run`.
        """
        self._model._require_open()
        tensors = as_tensors(inputs, self.signature)
        if self.signature is not None:
            check_inputs(self.signature, tensors)
        request = messages.ModelInferRequest()
        request.CopyFrom(self._request)
        oip.put_inputs(request, tensors)
        return self._outputs(self._model.connection.infer(request, deadline))

    def _outputs(self, response: object) -> dict[str, Array]:
        try:
            found = oip.take_outputs(response)
        except SteleError as error:
            # INVALID_ARGUMENT would put the blame on the caller.
            message = f"the answer of {self._model.connection.address} does not add up"
            raise SteleError(Code.INTERNAL, f"{message}: {error.message}") from error
        return {name: array if array.flags.writeable else array.copy() for name, array in found}
