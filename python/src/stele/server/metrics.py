"""Prometheus metrics, served over HTTP on a port of their own."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from stele.contract.codes import Code, SteleError
from stele.server.admission import Admission
from stele.server.record import Record
from stele.server.repository import Repository

# From a no-op to a large model on a busy machine.
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_CALLS = (1, 2, 4, 8, 16, 32, 64, 128)

_HOST = "127.0.0.1"


class Metrics:
    """The metrics of one server."""

    def __init__(self, repository: Repository, admission: Admission) -> None:
        self._repository = repository
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "stele_requests",
            "Answered calls.",
            ("method", "model", "code"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "stele_request_seconds",
            "From a request's arrival to its answer.",
            ("method", "model"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._batches = Histogram(
            "stele_batch_calls",
            "Calls of a batch.",
            buckets=_CALLS,
            registry=self.registry,
        )
        inside = Gauge("stele_calls_inside", "Calls that run or wait.", registry=self.registry)
        inside.set_function(lambda: admission.inside)

    def __call__(self, record: Record) -> None:
        """Count one answered call."""
        # Names that clients make up would each cost memory for ever.
        model = record.model if self._repository.find(record.model) is not None else ""
        method = record.method.rpartition("/")[2]
        self._requests.labels(method, model, record.code.name).inc()
        self._seconds.labels(method, model).observe(record.seconds)

    def batch(self, calls: int) -> None:
        """Count one batch."""
        self._batches.observe(calls)

    def serve(self, port: int) -> str:
        """Serve them to this machine; return the URL.

        Raises:
            SteleError: UNAVAILABLE when the port is taken.
        """
        try:
            server, _thread = start_http_server(port, addr=_HOST, registry=self.registry)
        except OSError as error:
            message = f"cannot listen on {_HOST}:{port} for metrics: {error.strerror}"
            raise SteleError(Code.UNAVAILABLE, message) from error
        return f"http://{_HOST}:{server.server_port}/metrics"
