"""Looks for new versions of the models from time to time."""

from __future__ import annotations

import logging
import threading

from stele.server.repository import Repository

_LOG = logging.getLogger("stele.server")


class Polling:
    """A thread that refreshes a repository until it is stopped."""

    def __init__(self, repository: Repository, seconds: float) -> None:
        self._repository = repository
        self._seconds = seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stele-poll", daemon=True)

    def start(self) -> None:
        """Begin; with 0 seconds, do not."""
        if self._seconds > 0:
            self._thread.start()

    def stop(self, seconds: float) -> None:
        """Look no more; wait so long for a load that has begun."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _run(self) -> None:
        while not self._stop.wait(self._seconds):
            try:
                self._repository.refresh()
            except Exception:
                # A folder that cannot be read now may be readable the next time.
                _LOG.exception("looking for new versions failed")
