"""Carries services over grpcio: bytes in, bytes out, errors as status codes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import grpc
from google.protobuf.message import DecodeError, EncodeError

from stele.codes import Code, SteleError
from stele.wire import messages
from stele.wire.messages import Method

_LOG = logging.getLogger("stele.server")

_STATUS = {status.value[0]: status for status in grpc.StatusCode}

# A message travels percent-encoded in a header, and a client that is not told
# otherwise takes 8 KiB of headers: a longer message would cost it the code too.
_MESSAGE_LIMIT = 4096

# Bytes in, the grpc.ServicerContext, bytes out.
Handler = Callable[[bytes, Any], bytes]


def handlers(service: str, answers: object) -> grpc.GenericRpcHandler:
    """Return the grpcio handlers of a service.

    Args:
        service: Its full name.
        answers: An object with a method for each of its RPCs.
    """
    found: Mapping[str, Any] = {
        name: grpc.unary_unary_rpc_method_handler(_handler(method, getattr(answers, name)))
        for name, method in messages.methods(service).items()
    }
    return grpc.method_handlers_generic_handler(service, found)


def _handler(method: Method, answer: Callable[[Any, Any], Any]) -> Handler:
    # grpcio is given no serializers: its own answer to bytes that are no message
    # is INTERNAL.
    parse = method.request.FromString

    def handle(data: bytes, context: Any) -> bytes:  # noqa: ANN401
        try:
            response: bytes = answer(parse(data), context).SerializeToString()
        except Exception as error:
            # A server outlives every request.
            told = as_error(error, method)
            context.abort(_STATUS[told.code], shorten(told.message))
            raise AssertionError from error
        return response

    return handle


def as_error(error: Exception, method: Method) -> SteleError:
    """Give whatever went wrong a canonical code and a message for a client."""
    if isinstance(error, SteleError):
        return error
    if isinstance(error, DecodeError):
        told = f"the request is not a {method.request.DESCRIPTOR.full_name}"
        return SteleError(Code.INVALID_ARGUMENT, told)
    if isinstance(error, (MemoryError, EncodeError)):
        return SteleError(Code.RESOURCE_EXHAUSTED, "the answer is too large")
    _LOG.error("%s failed", method.path, exc_info=error)
    return SteleError(Code.INTERNAL, "the server failed; its log says why")


def shorten(message: str) -> str:
    """Cut a message to what fits into a header."""
    if len(message) <= _MESSAGE_LIMIT // 9 or len(quote(message)) <= _MESSAGE_LIMIT:
        return message
    # A character takes at most four bytes, three characters each.
    kept = message[:_MESSAGE_LIMIT]
    while len(quote(kept)) > _MESSAGE_LIMIT:
        kept = kept[: len(kept) * 3 // 4]
    return kept + " …"
