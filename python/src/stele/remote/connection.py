"""A connection to a server, which models share."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any, Self

import grpc

from stele import paths
from stele.contract.codes import Code, SteleError
from stele.remote.address import host_and_port, proxy
from stele.remote.channel import MOST_RETRIES, RootCertificates, open_channel
from stele.wire import messages

# How gRPC says that a message is beyond a limit: whose it is, and both sizes.
_TOO_LARGE = re.compile(
    r"(CLIENT|SERVER): (Sent|Received) message larger than max \((\d+) vs\. (\d+)\)"
)


def _sizes(message: str) -> str:
    """Say in the words of all clients that a message is too large, if that is what it says."""
    found = _TOO_LARGE.search(message)
    if found is None:
        return message
    side, direction, size, limit = found.groups()
    what = "a request" if (side == "CLIENT") == (direction == "Sent") else "an answer"
    whose = "the server's limit" if side == "SERVER" else "the limit"
    return f"{what} of {size} bytes is beyond {whose} of {limit}"


class Connection:
    """A connection to one server; any number of threads may use it at once.

    Attributes:
        address: The server's ``host:port``.
    """

    def __init__(
        self,
        address: str,
        *,
        deadline: float | None = None,
        retries: int = MOST_RETRIES,
        tls: RootCertificates = False,
        max_message: int | None = None,
    ) -> None:
        """Prepare a connection, which is made when the first call needs it.

        Args:
            address: ``host:port``, alone or as a URL of http or https.
            deadline: Seconds that a call may take, retries included; None for ever.
            retries: How often a call that finds the server UNAVAILABLE is sent
                again, after 0.1 s, 0.2 s, 0.4 s and 0.8 s, each at random up to
                that; at most 4, which is gRPC's own bound.
            tls: Root certificates in PEM, or the file that has them; True for the
                authorities that gRPC knows; False for no TLS.
            max_message: Bytes of a message in either direction; None for no limit.

        Raises:
            SteleError: INVALID_ARGUMENT for an option; the certificate file's own code.
        """
        self.address = host_and_port(address, tls=tls is not False)
        self._deadline = deadline
        self._channel = open_channel(
            self.address, retries=retries, tls=tls, max_message=max_message
        )
        self._calls: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._closed = False

    def call(self, service: str, method: str, request: Any, deadline: float | None = None) -> Any:  # noqa: ANN401
        """Send a request and wait for the response.

        Args:
            service: Its full name.
            method: Of the service.
            request: The message.
            deadline: Seconds for this call; None for those of the connection.

        Raises:
            SteleError: What the server answers; UNAVAILABLE when nobody does,
                DEADLINE_EXCEEDED when it takes too long.
        """
        if self._closed:
            raise SteleError(Code.FAILED_PRECONDITION, "the connection is closed")
        timeout = self._deadline if deadline is None else deadline
        try:
            return self._callable(service, method)(request, timeout=timeout)
        except grpc.RpcError as error:
            raise self._as_error(error, timeout) from error
        except ValueError as error:
            # How grpcio says that another thread has closed the channel.
            raise SteleError(Code.CANCELLED, "the connection was closed") from error

    def _callable(self, service: str, method: str) -> Any:  # noqa: ANN401
        found = self._calls.get(f"{service}/{method}")
        if found is None:
            rpc = messages.methods(service)[method]
            with self._lock:
                found = self._channel.unary_unary(
                    rpc.path, rpc.request.SerializeToString, rpc.response.FromString
                )
                self._calls[f"{service}/{method}"] = found
        return found

    def _as_error(self, error: Any, timeout: float | None) -> SteleError:  # noqa: ANN401
        """Keep a server's code and words; say it in ours when gRPC itself gave up."""
        code = Code(error.code().value[0])
        message = error.details() or ""
        if code == Code.UNAVAILABLE:
            variable = proxy(self.address)
            through = f" through the proxy of {variable}" if variable else ""
            message = f"no answer from {self.address}{through}: {message}"
        elif code == Code.RESOURCE_EXHAUSTED:
            message = _sizes(message)
        elif code == Code.DEADLINE_EXCEEDED and timeout is not None:
            message = f"no answer from {self.address} within {timeout:g} s"
        return SteleError(code, message)

    def infer(self, request: Any, deadline: float | None = None) -> Any:  # noqa: ANN401
        """Send a ModelInferRequest.

        Raises:
            SteleError: As `call`.
        """
        return self.call(messages.OPEN_INFERENCE, "ModelInfer", request, deadline)

    def load(
        self, name: str, folder: Path, *, tags: str = "serve", config: str = "default"
    ) -> None:
        """Have the server load a SavedModel folder of its own machine.

        Args:
            name: What to call the model; one of this name is replaced, and stays
                if the new one cannot be loaded.
            folder: The SavedModel, as the server sees it.
            tags: Of its MetaGraphDef, comma-separated.
            config: ``default``, ``inline``, ``single``, or ``hex:`` and a ConfigProto.

        Raises:
            SteleError: FAILED_PRECONDITION unless the server was started with
                ``--model-control explicit``; that of the load; as `call`.
        """
        request = messages.RepositoryModelLoadRequest(model_name=name)
        for key, value in (
            ("path", paths.url(folder) or str(folder)),
            ("tags", tags),
            ("config", config),
        ):
            request.parameters[key].string_param = value
        self.call(messages.OPEN_INFERENCE, "RepositoryModelLoad", request)

    def unload(self, name: str) -> None:
        """Have the server forget a model.

        Raises:
            SteleError: NOT_FOUND; else as `load`.
        """
        request = messages.RepositoryModelUnloadRequest(model_name=name)
        self.call(messages.OPEN_INFERENCE, "RepositoryModelUnload", request)

    def close(self) -> None:
        """Close it; calls under way are cancelled."""
        self._closed = True
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()
