"""One server: its parts put together, its start and its end."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata

import grpc

from stele.codes import Code, SteleError
from stele.server import reflection, transport
from stele.server.admission import Admission
from stele.server.health import Health
from stele.server.inference import Inference
from stele.server.oip_service import OpenInference
from stele.server.options import Options
from stele.server.polling import Polling
from stele.server.repository import Repository, Source
from stele.server.tfserving_service import TensorFlowServing
from stele.wire import messages

_LOG = logging.getLogger("stele.server")

# Threads for what is not inference, and for refusing calls when all places are taken.
_SPARE_THREADS = 8


class Server:
    """A server over grpcio; made, started, and drained once."""

    def __init__(self, options: Options) -> None:
        """Load the models.

        Raises:
            SteleError: A model cannot be loaded.
        """
        self._options = options
        self.repository = Repository()
        for name, folder in options.models.items():
            source = Source(folder, options.tags, options.session_config)
            self.repository.load(name, source)
        self._admission = Admission(options.workers, options.queue)
        inference = Inference(self._admission)
        self._open_inference = OpenInference(
            self.repository,
            inference,
            session_config=options.session_config,
            explicit=options.explicit,
        )
        serving = TensorFlowServing(self.repository, inference)
        self._grpc = self._transport()
        self._grpc.add_generic_rpc_handlers(
            (
                transport.handlers(messages.OPEN_INFERENCE, self._open_inference),
                transport.handlers(messages.PREDICTION, serving),
                transport.handlers(messages.MODEL, serving),
            )
        )
        self._health = Health(self._grpc)
        reflection.add(self._grpc)
        self._polling = Polling(self.repository, 0 if options.explicit else options.poll)

    def _transport(self) -> grpc.Server:
        options = self._options
        # A call that waits holds a thread. Twice as many calls may be known to
        # grpcio, so that those beyond are refused by us, by name.
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

    def start(self) -> str:
        """Listen; return the address.

        Raises:
            SteleError: UNAVAILABLE when the port is taken.
        """
        options = self._options
        host = f"[{options.host}]" if ":" in options.host else options.host
        try:
            port = self._grpc.add_insecure_port(f"{host}:{options.port}")
        except RuntimeError as error:
            told = f"cannot listen on {host}:{options.port}: the port is taken or not ours"
            raise SteleError(Code.UNAVAILABLE, told) from error
        self._grpc.start()
        self._polling.start()
        address = f"{host}:{port}"
        _LOG.info("stele %s serves on %s", metadata.version("tf-stele"), address)
        return address

    def drain(self) -> bool:
        """Take no more calls, and wait for those inside as long as the grace lasts.

        Returns:
            Whether all were done by then.
        """
        _LOG.info("draining: %d calls inside", self._admission.inside)
        self._health.drain()
        self._open_inference.drain()
        self._grpc.stop(self._options.grace).wait()
        self._polling.stop()
        return self._admission.inside == 0
