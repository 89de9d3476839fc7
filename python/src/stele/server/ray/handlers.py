"""grpcio's handlers for services whose functions take and give bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import grpc

# grpcio has no types: a grpc.Server, and a grpc.ServicerContext.
GrpcServer: TypeAlias = Any
Context: TypeAlias = Any


def handlers(service: str, functions: Mapping[str, Callable[..., Any]]) -> grpc.GenericRpcHandler:
    """Return the handlers for the functions of a service.

    grpcio is given no serializers: its own answer to bytes that are no message is
    INTERNAL.

    Args:
        service: Its full name.
        functions: By the names of its RPCs.
    """
    found = {
        name: grpc.unary_unary_rpc_method_handler(function) for name, function in functions.items()
    }
    return grpc.method_handlers_generic_handler(service, found)
