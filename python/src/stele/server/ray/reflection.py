"""Server reflection: clients such as grpcurl ask for the services and their messages."""

from __future__ import annotations

from grpc_health.v1 import health, health_pb2
from grpc_reflection.v1alpha import reflection, reflection_pb2

from stele.server.ray.handlers import GrpcServer
from stele.wire import messages


def add(server: GrpcServer) -> None:
    """Add the service to a ``grpc.Server``.

    It answers from one pool: ours, with the two standard services put into it.
    """
    for standard in (health_pb2, reflection_pb2):
        messages.POOL.AddSerializedFile(standard.DESCRIPTOR.serialized_pb)
    services = (*messages.SERVICES, health.SERVICE_NAME, reflection.SERVICE_NAME)
    reflection.enable_server_reflection(services, server, pool=messages.POOL)
