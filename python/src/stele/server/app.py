"""The native server, with the errors of this package."""

from __future__ import annotations

import os
import sys
import threading

from stele.native import translated
from stele.server.options import Options

# Seconds between looks whether to stop, while models load.
_LOOK = 0.02


class Server:
    """A server; made, started, and drained once."""

    def __init__(self, options: Options, stop: threading.Event) -> None:
        """Prepare to start.

        Args:
            options: Of the server.
            stop: Set when there is no need to become ready any more.

        Raises:
            ModuleNotFoundError: tf-stele-native is not installed.
        """
        from stele_native import serving

        self._class = serving.Server
        self._options = options
        self._stop = stop
        self._started: list[serving.Server | BaseException] = []

    @property
    def models(self) -> list[str]:
        """The names of the models, sorted."""
        return sorted(self._options.models)

    @property
    def rest(self) -> str | None:
        """Host and port of REST, of a server that has started and answers it."""
        (started,) = self._started
        return None if isinstance(started, BaseException) else started.rest

    def start(self) -> str:
        """Load the models and listen; return the address.

        Told to stop before that is done, the process ends: a load cannot be interrupted.

        Raises:
            SteleError: A model cannot be loaded; what is wrong with the certificate;
                UNAVAILABLE when a port is taken.
        """
        # Signals are handled in the main thread, which has to be free for them.
        starting = threading.Thread(target=self._start, name="stele-start", daemon=True)
        starting.start()
        while starting.is_alive():
            starting.join(_LOOK)
            if self._stop.is_set() and starting.is_alive():
                sys.stderr.flush()
                os._exit(0)
        with translated():
            (started,) = self._started
            if isinstance(started, BaseException):
                raise started
            address: str = started.address
            return address

    def _start(self) -> None:
        try:
            self._started.append(self._class(self._options.by_name()))
        except BaseException as error:
            # Raised again by the thread that waits for it.
            self._started.append(error)

    def drain(self) -> bool:
        """Take no more calls, and wait for those inside as long as the grace lasts.

        Returns:
            Whether all were done by then.
        """
        (started,) = self._started
        return not isinstance(started, BaseException) and started.drain()
