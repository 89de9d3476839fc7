"""How to serve on Ray, and what Ray calls it. Nothing here needs Ray."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stele.server.options import MEBIBYTE, Options
from stele.server.ray.ports import Ports

# The name of the application and of its one deployment.
NAME = "stele"

# Imported by each of Ray's processes that takes calls.
SERVICER = "stele.server.ray.proxy.add_to_server"

# Variables that stay as they are if they are set.
TUNABLE = ("RAY_SERVE_HAPROXY_RETRY_ON", "RAY_SERVE_HAPROXY_TUNE_BUFSIZE")

# Of Ray itself. Its access log costs more than many a call; ours is an option.
_LOGGING = {"log_level": "WARNING", "enable_access_log": False}


@dataclass(frozen=True)
class RayOptions:
    """How to serve on Ray.

    Attributes:
        replicas: Processes that hold the models.
        autoscale: Fewest and most replicas, instead of a fixed number.
        target_ongoing: Calls inside a replica that autoscaling aims at; None for
            Ray's own.
        max_ongoing: Calls that one replica takes; None for all those that the server's
            options let run or wait.
        replica_cpus: Processors that Ray sets aside for a replica.
        health_period: Seconds between health checks of a replica.
        health_timeout: Seconds that one may take before it counts as failed.
        haproxy: Whether HAProxy carries the calls, and not Ray's own proxy.
        address: Of a running cluster; None starts Ray on this machine.
        start_timeout: Seconds until all replicas must be there.
    """

    replicas: int = 2
    autoscale: tuple[int, int] | None = None
    target_ongoing: float | None = None
    max_ongoing: int | None = None
    replica_cpus: float = 1.0
    health_period: float = 10.0
    health_timeout: float = 30.0
    haproxy: bool = True
    address: str | None = None
    start_timeout: float = 300.0

    @property
    def local(self) -> bool:
        """Whether Ray runs on this machine alone and is ours to start and stop."""
        return self.address is None

    @property
    def most_replicas(self) -> int:
        """How many replicas there may be."""
        return self.autoscale[1] if self.autoscale else self.replicas

    def processors(self, present: int) -> int:
        """Return how many processors a Ray of our own counts with.

        More than there are if that many replicas were asked for: Ray would wait for
        another machine for ever.
        """
        return max(present, math.ceil(self.most_replicas * self.replica_cpus))


def deployment(options: Options, ray: RayOptions) -> dict[str, Any]:
    """Return what ``serve.deployment`` is told."""
    ongoing = ray.max_ongoing or options.workers + options.queue
    settings: dict[str, Any] = {
        "name": NAME,
        "max_ongoing_requests": ongoing,
        # Ray queues without bound unless it is told one.
        "max_queued_requests": ongoing,
        "health_check_period_s": ray.health_period,
        "health_check_timeout_s": ray.health_timeout,
        "graceful_shutdown_timeout_s": options.grace,
        "ray_actor_options": {"num_cpus": ray.replica_cpus},
        # A model that cannot be loaded now cannot be loaded in a second either.
        "max_constructor_retry_count": 1,
        "logging_config": _LOGGING,
    }
    if ray.autoscale is None:
        settings["num_replicas"] = ray.replicas
    else:
        fewest, most = ray.autoscale
        settings["autoscaling_config"] = {"min_replicas": fewest, "max_replicas": most}
        if ray.target_ongoing is not None:
            settings["autoscaling_config"]["target_ongoing_requests"] = ray.target_ongoing
    return settings


def start(options: Options, ports: Ports) -> dict[str, Any]:
    """Return what ``serve.start`` is told."""
    return {
        # gRPC listens on HTTP's host.
        "http_options": {"host": options.host, "port": ports.http},
        "grpc_options": {
            "port": ports.grpc,
            "grpc_servicer_functions": [SERVICER],
            # Ours knows the messages; they are in a descriptor pool of their own.
            "enable_reflection": False,
        },
        "logging_config": _LOGGING,
    }


def environment(
    options: Options, ray: RayOptions, ports: Ports, folder: Path | None
) -> dict[str, str]:
    """Return the variables that Ray Serve reads its other settings from.

    Args:
        options: Of the server.
        ray: How to serve on Ray.
        ports: Where to listen.
        folder: For HAProxy's sockets and settings, instead of the one in /tmp that is
            Ray's choice.
    """
    found = {
        # Lines of an access log are alike, and each counts.
        "RAY_DEDUP_LOGS": "0",
        # A replica that goes stays reachable as long, until every HAProxy knows.
        "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": str(options.grace),
        "RAY_SERVE_ENABLE_HA_PROXY": str(int(ray.haproxy)),
        # A call inside a replica that dies goes to another one, since no call changes
        # anything. Without this the client has to send it again; and cannot know that
        # it may if it was the first on a connection, which Ray's HAProxy makes UNKNOWN.
        "RAY_SERVE_HAPROXY_RETRY_ON": "conn-failure empty-response",
        # What fits into a buffer can be sent again.
        "RAY_SERVE_HAPROXY_TUNE_BUFSIZE": str(MEBIBYTE),
        "RAY_SERVE_GRPC_MAX_MESSAGE_SIZE": str(options.max_message),
        "RAY_SERVE_FALLBACK_PROXY_HTTP_PORT": str(ports.fallback_http),
        "RAY_SERVE_FALLBACK_PROXY_GRPC_PORT": str(ports.fallback_grpc),
    }
    if folder is not None:
        found |= {
            "RAY_SERVE_HAPROXY_CONFIG_FILE_LOC": str(folder / "haproxy.cfg"),
            "RAY_SERVE_HAPROXY_SOCKET_PATH": str(folder / "admin.sock"),
            "RAY_SERVE_HAPROXY_METRICS_SOCKET_PATH": str(folder / "metrics.sock"),
            "RAY_SERVE_HAPROXY_SERVER_STATE_BASE": str(folder),
            "RAY_SERVE_HAPROXY_SERVER_STATE_FILE": str(folder / "server-state"),
        }
    return found
