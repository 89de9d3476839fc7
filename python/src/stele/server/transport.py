"""Carries services over grpcio: bytes in, bytes out, errors as status codes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias
from urllib.parse import quote

import grpc
from google.protobuf.message import DecodeError, EncodeError

from stele.contract.codes import Code, SteleError
from stele.server.record import Observer, Record, model_field
from stele.wire import messages
from stele.wire.messages import Message, Method

_LOG = logging.getLogger("stele.server")

_STATUS = {status.value[0]: status for status in grpc.StatusCode}

# A message travels percent-encoded in a header, and a client that is not told
# otherwise takes 8 KiB of headers: a longer message would cost it the code too.
_MESSAGE_LIMIT = 4096

# grpcio has no types: a grpc.Server, and a grpc.ServicerContext.
GrpcServer: TypeAlias = Any
Context: TypeAlias = Any


# A request's bytes and its grpc.ServicerContext in, the response's bytes out; an error
# ends the call with `context.abort`.
Answer: TypeAlias = Callable[[bytes, Context], bytes]


def answers(
    service: str, implementation: object, observers: Sequence[Observer] = ()
) -> dict[str, Answer]:
    """Return the functions that answer a service's RPCs, by name.

    Args:
        service: Its full name.
        implementation: An object with a method for each of its RPCs.
        observers: Told of each answered call.
    """
    return {
        name: _answer(method, getattr(implementation, name), observers)
        for name, method in messages.methods(service).items()
    }


def handlers(service: str, functions: Mapping[str, Answer]) -> grpc.GenericRpcHandler:
    """Return grpcio's handlers for the functions of a service.

    grpcio is given no serializers: its own answer to bytes that are no message is
    INTERNAL.
    """
    found = {
        name: grpc.unary_unary_rpc_method_handler(function) for name, function in functions.items()
    }
    return grpc.method_handlers_generic_handler(service, found)


def _answer(
    method: Method, run: Callable[[Message, Context], Message], observers: Sequence[Observer]
) -> Answer:
    parse = method.request.FromString
    model_of = model_field(method)

    def tell(
        start: float, context: Context, request: Message, data: bytes, outcome: SteleError | bytes
    ) -> None:
        seconds = time.perf_counter() - start
        record = Record(
            method=method.path,
            model=model_of(request) if request is not None else "",
            code=outcome.code if isinstance(outcome, SteleError) else Code.OK,
            message=outcome.message if isinstance(outcome, SteleError) else "",
            seconds=seconds,
            received=len(data),
            sent=0 if isinstance(outcome, SteleError) else len(outcome),
            peer=context.peer(),
        )
        for observe in observers:
            observe(record)

    def answer(data: bytes, context: Context) -> bytes:
        start = time.perf_counter()
        request = None
        try:
            request = parse(data)
            response: bytes = run(request, context).SerializeToString()
        except BaseException as error:
            # A server outlives every request; a panic of native code is no Exception.
            refusal = as_error(error, method)
            if observers:
                tell(start, context, request, data, refusal)
            context.abort(_STATUS[refusal.code], shorten(refusal.message))
            raise
        if observers:
            tell(start, context, request, data, response)
        return response

    return answer


def as_error(error: BaseException, method: Method) -> SteleError:
    """Give whatever went wrong a canonical code and a message for a client."""
    if isinstance(error, SteleError):
        return error
    if isinstance(error, DecodeError):
        message = f"the request is not a {method.request.DESCRIPTOR.full_name}"
        return SteleError(Code.INVALID_ARGUMENT, message)
    if isinstance(error, (MemoryError, EncodeError)):
        return SteleError(Code.RESOURCE_EXHAUSTED, "the answer is too large")
    _LOG.error("%s failed", method.path, exc_info=error)
    return SteleError(Code.INTERNAL, "the server failed; its log says why")


def shorten(message: str) -> str:
    """Cut a message to what fits into a header."""
    # A path may hold bytes that are no UTF-8.
    kept = message.encode(errors="replace").decode()
    if len(quote(kept)) <= _MESSAGE_LIMIT:
        return kept
    kept = kept[:_MESSAGE_LIMIT]
    while len(quote(kept)) > _MESSAGE_LIMIT:
        kept = kept[: len(kept) * 3 // 4]
    return kept + " …"
