"""The access log: a line of JSON for each answered call."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import TextIO

from stele.server.record import Record

# A client chooses the model's name and much of a message: not a line's length.
_LONGEST = 500


class AccessLog:
    """Writes records to a stream, each in one write, so that lines stay whole."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, record: Record) -> None:
        """Write one record."""
        fields = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "peer": record.peer,
            "method": record.method,
            "model": record.model[:_LONGEST],
            "code": record.code.name,
            "ms": round(record.seconds * 1000, 3),
            "received": record.received,
            "sent": record.sent,
        }
        if record.message:
            fields["message"] = record.message[:_LONGEST]
        # A call that was answered does not fail because nobody reads of it any more.
        with contextlib.suppress(OSError):
            self._stream.write(json.dumps(fields) + "\n")
            self._stream.flush()
