"""What a server answers with, put together from its options; any transport may carry it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from stele.server import transport
from stele.server.access_log import AccessLog
from stele.server.admission import Admission
from stele.server.batcher import Batcher
from stele.server.inference import Inference
from stele.server.oip_service import OpenInference
from stele.server.options import Options
from stele.server.polling import Polling
from stele.server.record import Observer
from stele.server.repository import Repository, Source
from stele.server.tfserving_service import TensorFlowServing
from stele.server.transport import Answer
from stele.wire import messages

if TYPE_CHECKING:
    from stele.server.metrics import Metrics


class Services:
    """The models, and the services that answer for them.

    Attributes:
        repository: The models.
        admission: The calls inside.
        metrics: None unless they were asked for.
        polling: To be started, and stopped at the end.
    """

    def __init__(self, options: Options) -> None:
        """Load the models.

        Raises:
            SteleError: A model cannot be loaded.
        """
        self.repository = Repository()
        for name, folder in options.models.items():
            source = Source(folder, options.tags, options.session_config)
            self.repository.load(name, source)
        self.admission = Admission(options.workers, options.queue)
        self.metrics = self._metrics() if options.metrics_port is not None else None
        self.polling = Polling(self.repository, 0 if options.explicit else options.poll)
        self._batching = self._batcher(options.batch)
        inference = Inference(self.admission, self._batching)
        self._open_inference = OpenInference(
            self.repository,
            inference,
            session_config=options.session_config,
            explicit=options.explicit,
        )
        self._serving = TensorFlowServing(self.repository, inference)
        self._observers: list[Observer] = []
        if options.access_log:
            self._observers.append(AccessLog(sys.stderr))
        if self.metrics is not None:
            self._observers.append(self.metrics)

    def _metrics(self) -> Metrics:
        # Only who asks for metrics needs their package.
        from stele.server.metrics import Metrics

        return Metrics(self.repository, self.admission)

    def _batcher(self, rows: int) -> Batcher | None:
        if rows < 2:
            return None
        observe = self.metrics.batch if self.metrics is not None else None
        return Batcher(self.admission, rows, observe)

    def answers(self) -> dict[str, dict[str, Answer]]:
        """Return, by the names of service and RPC, the functions that answer."""
        implementations = {
            messages.OPEN_INFERENCE: self._open_inference,
            messages.PREDICTION: self._serving,
            messages.MODEL: self._serving,
        }
        return {
            service: transport.answers(service, implementation, self._observers)
            for service, implementation in implementations.items()
        }

    def drain(self, grace: float) -> bool:
        """Let no call in any more, and wait for those inside.

        New ones are UNAVAILABLE, which clients retry elsewhere.

        Args:
            grace: Seconds to wait at most.

        Returns:
            Whether all were done by then.
        """
        self._open_inference.drain()
        self.admission.close()
        done = self.admission.wait_empty(grace)
        self.polling.stop(grace)
        return done
