"""``grpc.health.v1``: whether the server, and each of its services, answers."""

from __future__ import annotations

from collections.abc import Callable

from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from stele.server.transport import Context, GrpcServer
from stele.wire import messages
from stele.wire.messages import Message


class Health:
    """The standard health service of one server."""

    def __init__(self, server: GrpcServer) -> None:
        """Add the service to a server."""
        self._servicer = _Servicer()
        for service in messages.SERVICES:
            self._servicer.set(service, health_pb2.HealthCheckResponse.SERVING)
        health_pb2_grpc.add_HealthServicer_to_server(self._servicer, server)

    def drain(self) -> None:
        """Tell from now on that nothing is served; those who watch hear of it."""
        self._servicer.enter_graceful_shutdown()
        self._servicer.end_watches()


class _Servicer(health.HealthServicer):  # type: ignore[misc]
    """The official one; but a watch has an end, and does not hold up the server's."""

    def __init__(self) -> None:
        super().__init__()
        self._watches: set[Callable[[Message], None]] = set()

    def Watch(  # noqa: N802
        self, request: Message, context: Context, send_response_callback: Callable[[Message], None]
    ) -> None:
        """Send the status now, and whenever it changes."""
        self._watches.add(send_response_callback)
        context.add_callback(lambda: self._watches.discard(send_response_callback))
        super().Watch(request, context, send_response_callback)

    def end_watches(self) -> None:
        """End every watch, after what it was sent last."""
        for send in list(self._watches):
            send(None)
