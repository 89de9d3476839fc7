"""The ports that Ray Serve listens on and lets one choose."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from dataclasses import dataclass


@dataclass(frozen=True)
class Ports:
    """One port for each way in.

    Attributes:
        grpc: Where clients call.
        http: Ray takes HTTP too, and cannot be told not to.
        fallback_http: Of Ray's own proxy, behind HAProxy.
        fallback_grpc: The same; it takes the calls while no replica is known.
    """

    grpc: int
    http: int
    fallback_http: int
    fallback_grpc: int


def fixed(grpc: int) -> Ports:
    """Return the ports that all machines of a cluster listen on.

    Ray would choose 8500 for one of them, which is the gRPC port of many servers.
    """
    others = [port for port in range(9500, 9504) if port != grpc]
    return Ports(grpc, *others[:3])


def free(grpc: int) -> Ports:
    """Return ports that nobody listens on now, and the given one unless it is 0."""
    with ExitStack() as held:
        found = []
        for wanted in (grpc, 0, 0, 0):
            number = wanted
            if not wanted:
                taken = held.enter_context(socket.create_server(("", 0)))
                number = taken.getsockname()[1]
            found.append(number)
    return Ports(*found)
