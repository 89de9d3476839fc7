"""What Ray's processes that take calls know of the services.

Ray calls `add_to_server` in each of them: in every replica, and in its own proxy.
"""

from __future__ import annotations

import asyncio

from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection as standard_reflection

from stele.server.ray import reflection
from stele.server.ray.handlers import GrpcServer, handlers
from stele.wire import messages

# Those that have begun; a loop itself may forget them.
_TASKS: set[asyncio.Task[None]] = set()


def add_to_server(servicer: object, server: GrpcServer) -> None:
    """Add the services to one of Ray's servers, inside its event loop.

    Args:
        servicer: Stands for a replica. Ray sends the calls there itself, with the
            request as it came, since the handlers have no serializers.
        server: Ray's ``grpc.aio.Server``.
    """
    for service in messages.SERVICES:
        functions = {name: getattr(servicer, name) for name in messages.methods(service)}
        server.add_generic_rpc_handlers((handlers(service, functions),))
    # These two answer where the call came in, instead of going to a replica.
    for name in (health.SERVICE_NAME, standard_reflection.SERVICE_NAME):
        server.add_passthrough_service(name)
    _add_health(server)
    reflection.add(server)


def _add_health(server: GrpcServer) -> None:
    servicer = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    for service in messages.SERVICES:
        serving = servicer.set(service, health_pb2.HealthCheckResponse.SERVING)
        task = asyncio.get_running_loop().create_task(serving)
        _TASKS.add(task)
        task.add_done_callback(_TASKS.discard)
