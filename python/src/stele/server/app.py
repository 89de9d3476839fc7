"""One server over grpcio: its start and its end."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata

import grpc

from stele.contract.codes import Code, SteleError
from stele.server import reflection, tls, transport
from stele.server.health import Health
from stele.server.options import Options
from stele.server.services import Services

_LOG = logging.getLogger("stele.server")

# Threads for what is not inference, and for refusing calls when all places are taken.
_SPARE_THREADS = 8


# Seconds for answers that are on their way to their clients.
_LAST_ANSWERS = 1.0


class Server:
    """A server; made, started, and drained once."""

    def __init__(self, options: Options) -> None:
        """Load the models.

        Raises:
            SteleError: A model cannot be loaded.
        """
        self._options = options
        self._services = Services(options)
        self._grpc = self._transport()
        for service, functions in self._services.answers().items():
            self._grpc.add_generic_rpc_handlers((transport.handlers(service, functions),))
        self._health = Health(self._grpc)
        reflection.add(self._grpc)

    def _transport(self) -> transport.GrpcServer:
        options = self._options
        # A call that waits holds a thread. grpcio knows of twice as many calls, so
        # that most of those beyond are refused by us, with a reason.
        threads = options.workers + options.queue + _SPARE_THREADS
        return grpc.server(
            ThreadPoolExecutor(threads, thread_name_prefix="stele-call"),
            maximum_concurrent_rpcs=2 * threads,
            options=[
                ("grpc.max_receive_message_length", options.max_message),
                ("grpc.max_send_message_length", -1),
                # Two servers on one port would each get some of the calls.
                ("grpc.so_reuseport", 0),
            ],
        )

    @property
    def models(self) -> list[str]:
        """The names of the models, sorted."""
        return self._services.repository.names()

    def start(self) -> str:
        """Listen; return the address.

        Raises:
            SteleError: UNAVAILABLE when a port is taken; what is wrong with the
                certificate.
        """
        address = self._listen()
        services = self._services
        if services.metrics is not None and self._options.metrics_port is not None:
            url = services.metrics.serve(self._options.metrics_port)
            _LOG.info("metrics on %s", url)
        self._grpc.start()
        services.polling.start()
        _LOG.info("stele %s serves on %s", metadata.version("tf-stele"), address)
        return address

    def _listen(self) -> str:
        options = self._options
        host = f"[{options.host}]" if ":" in options.host else options.host
        wanted = f"{host}:{options.port}"
        try:
            if options.tls is None:
                port = self._grpc.add_insecure_port(wanted)
            else:
                port = self._grpc.add_secure_port(wanted, tls.credentials(*options.tls))
        except RuntimeError as error:
            message = f"cannot listen on {wanted}: the port is taken or not ours"
            raise SteleError(Code.UNAVAILABLE, message) from error
        return f"{host}:{port}"

    def drain(self) -> bool:
        """Take no more calls, and wait for those inside as long as the grace lasts.

        Returns:
            Whether all were done by then.
        """
        _LOG.info("draining: %d calls inside", self._services.admission.inside)
        self._health.drain()
        # grpcio ends what arrives while it stops with CANCELLED, which no client
        # retries: first we refuse calls ourselves, until none is left.
        done = self._services.drain(self._options.grace)
        self._grpc.stop(_LAST_ANSWERS if done else None).wait()
        return done
