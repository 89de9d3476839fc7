"""One replica: a process that holds the models and answers calls."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

import grpc

from stele.contract.codes import SteleError
from stele.native import translated
from stele.server.options import Options
from stele.server.ray.handlers import Context
from stele.wire import messages

_STATUS = {status.value[0]: status for status in grpc.StatusCode}


class _Answer(NamedTuple):
    """A response that is bytes already: Ray asks it to serialize itself."""

    data: bytes

    def SerializeToString(self) -> bytes:  # noqa: N802
        """Return the bytes."""
        return self.data


class Replica:
    """The services in one process, with a method for each RPC."""

    def __init__(self, options: Options) -> None:
        """Load the models.

        Raises:
            SteleError: A model cannot be loaded.
        """
        from stele_native import serving

        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        with translated():
            self._services = serving.Services(options.by_name())

    def answer(self, path: str, data: bytes, context: Context) -> _Answer:
        """Answer one call.

        Ray tells a replica neither a call's deadline nor its end.

        Args:
            path: Of the RPC.
            data: The request.
            context: Ray's; it gets the code and message of an error.
        """
        try:
            with translated():
                return _Answer(self._services.answer(path, data, str(context.peer())))
        except SteleError as error:
            # If this were raised, Ray would log a traceback for each bad request.
            context.set_code(_STATUS[error.code])
            context.set_details(error.message)
            return _Answer(b"")


def _method(path: str) -> Callable[[Replica, bytes, Context], _Answer]:
    # Ray passes the context to a parameter of this name.
    def call(self: Replica, request: bytes, grpc_context: Context) -> _Answer:
        return self.answer(path, request, grpc_context)

    return call


# Ray looks a method up by the RPC's name.
for _service in messages.SERVICES:
    for _rpc in messages.methods(_service).values():
        setattr(Replica, _rpc.name, _method(_rpc.path))
