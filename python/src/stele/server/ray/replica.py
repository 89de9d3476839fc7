"""One replica: a process that holds the models and answers calls."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

from stele.server.call import Detached
from stele.server.options import Options
from stele.server.services import Services
from stele.server.transport import Context
from stele.wire import messages


class Call(Detached):
    """A call as the services see it; Ray tells a replica neither its deadline nor its end."""

    def __init__(self, context: Context) -> None:
        """Stand for the call of a ``ray.serve`` context."""
        self._context = context

    def peer(self) -> str:
        """Who called: HAProxy, where that carries the call."""
        return str(self._context.peer())

    def abort(self, code: Any, details: str) -> NoReturn:  # noqa: ANN401
        """End the call with an error, as ``grpc.ServicerContext.abort`` does."""
        self._context.set_code(code)
        self._context.set_details(details)
        raise _Aborted


class _Aborted(Exception):  # noqa: N818
    """The call has its code and its message."""


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
        logging.basicConfig(
            stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
        )
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        services = Services(options)
        # No two services have RPCs of one name.
        self._answers = {
            name: answer
            for functions in services.answers().values()
            for name, answer in functions.items()
        }
        services.polling.start()

    def answer(self, name: str, data: bytes, context: Context) -> _Answer:
        """Answer one call.

        Args:
            name: Of the RPC.
            data: The request.
            context: Ray's; it gets the code and message of an error.
        """
        try:
            return _Answer(self._answers[name](data, Call(context)))
        except _Aborted:
            # If this were raised, Ray would log a traceback for each bad request.
            return _Answer(b"")


def _method(name: str) -> Callable[[Replica, bytes, Context], _Answer]:
    # Ray passes the context to a parameter of this name.
    def call(self: Replica, request: bytes, grpc_context: Context) -> _Answer:
        return self.answer(name, request, grpc_context)

    return call


# Ray looks a method up by the RPC's name.
for _service in messages.SERVICES:
    for _name in messages.methods(_service):
        setattr(Replica, _name, _method(_name))
