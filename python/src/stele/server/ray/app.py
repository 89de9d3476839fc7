"""A server on Ray Serve, with the surface of `stele.server.app.Server`."""

from __future__ import annotations

import logging
import re
import threading
import time
from dataclasses import replace

import grpc

from stele.contract.codes import Code, SteleError
from stele.server.options import Options
from stele.server.ray.application import application
from stele.server.ray.cluster import Cluster
from stele.server.ray.options import NAME, RayOptions
from stele.wire import messages

_LOG = logging.getLogger("stele.server")

# How Ray reports the error that a replica began with.
_ERROR = re.compile(r"stele\.contract\.codes\.SteleError: ([A-Z_]+): (.+)")


class RayServer:
    """A server on Ray Serve; made, started, and drained once."""

    def __init__(self, options: Options, ray_options: RayOptions, stop: threading.Event) -> None:
        """Start or join Ray.

        Args:
            options: Of the server.
            ray_options: How to serve on Ray.
            stop: Set when there is no need to become ready any more.

        Raises:
            SteleError: There is no cluster at the address.
            ModuleNotFoundError: Ray or the server's packages are not installed.
        """
        # A replica has a working directory of its own.
        models = {name: folder.absolute() for name, folder in options.models.items()}
        self._options = replace(options, models=models)
        self._ray_options = ray_options
        self._stop = stop
        self._cluster = Cluster(self._options, ray_options)

    @property
    def models(self) -> list[str]:
        """The names of the models, sorted."""
        return sorted(self._options.models)

    @property
    def rest(self) -> None:
        """Ray Serve carries gRPC alone."""

    def start(self) -> str:
        """Deploy the replicas and wait until they answer; return the address.

        Raises:
            SteleError: The one that a replica had when it loaded the models;
                UNAVAILABLE when they are not ready in time, or Ray Serve runs already
                with options in which gRPC is not ours.
        """
        if self._ray_options.haproxy:
            _LOG.warning(
                "whatever --host says, Ray Serve also listens on all interfaces, at ports 40000 to "
                "41000, 8404 and 9101: keep them in by a firewall"
            )
        serve = self._cluster.serve
        target = serve.RunTarget(application(self._options, self._ray_options), name=NAME)
        serve.run_many([target], wait_for_applications_running=False)
        try:
            self._wait()
        except SteleError:
            self._cluster.stop(grace=0)
            raise
        return f"{self._options.host}:{self._cluster.ports.grpc}"

    def _wait(self) -> None:
        deadline = time.monotonic() + self._ray_options.start_timeout
        while not self._stop.is_set() and not (self._running() and self._answers()):
            if time.monotonic() > deadline:
                raise SteleError(Code.UNAVAILABLE, f"not ready in time: {self._state()}")
            self._stop.wait(0.2)

    def _running(self) -> bool:
        """Tell whether as many replicas run as were asked for."""
        deployed = self._cluster.serve.status().applications.get(NAME)
        if deployed is None:
            return False
        if deployed.status == "DEPLOY_FAILED":
            error = _ERROR.search(self._state())
            if error is None:
                raise SteleError(Code.INTERNAL, f"Ray cannot start a replica: {self._state()}")
            raise SteleError(Code[error[1]], error[2])
        return bool(deployed.status == "RUNNING")

    def _state(self) -> str:
        deployed = self._cluster.serve.status().applications.get(NAME)
        if deployed is None:
            return "not deployed"
        details = [deployment.message for deployment in deployed.deployments.values()]
        return " ".join([deployed.status, deployed.message, *details])

    def _answers(self) -> bool:
        """Tell whether calls come through, on every machine that takes some."""
        hosts = self._cluster.hosts()
        return bool(hosts) and all(map(self._answers_at, hosts))

    def _answers_at(self, host: str) -> bool:
        method = messages.methods(messages.OPEN_INFERENCE)["ServerReady"]
        with grpc.insecure_channel(f"{host}:{self._cluster.ports.grpc}") as channel:
            try:
                channel.unary_unary(method.path)(b"", timeout=5)
            except grpc.RpcError as error:
                if error.code() == grpc.StatusCode.UNIMPLEMENTED:
                    message = "Ray Serve runs there already, without the services of stele"
                    raise SteleError(Code.UNAVAILABLE, message) from error
                return False
        return True

    def drain(self) -> bool:
        """Take no more calls, answer those inside, and stop what was started.

        Returns:
            Whether all were answered.
        """
        _LOG.info("draining")
        return self._cluster.stop(self._options.grace)
