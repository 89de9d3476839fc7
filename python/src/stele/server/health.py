"""``grpc.health.v1``: whether the server, and each of its services, answers."""

from __future__ import annotations

from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from stele.server.transport import GrpcServer
from stele.wire import messages


class Health:
    """The standard health service of one server."""

    def __init__(self, server: GrpcServer) -> None:
        """Add the service to a ``grpc.Server``."""
        self._servicer = health.HealthServicer()
        for service in messages.SERVICES:
            self._servicer.set(service, health_pb2.HealthCheckResponse.SERVING)
        health_pb2_grpc.add_HealthServicer_to_server(self._servicer, server)

    def drain(self) -> None:
        """Tell from now on that nothing is served; those who watch hear of it."""
        self._servicer.enter_graceful_shutdown()
