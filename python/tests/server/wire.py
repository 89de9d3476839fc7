"""A client of HTTP/2 that does what no gRPC library would: half a request, resets without
end, answers that it never reads."""

from __future__ import annotations

import socket
import struct
from collections import defaultdict
from types import TracebackType

import h2.config
import h2.connection
import h2.events
from h2.settings import SettingCodes

from stele.wire import messages as m

from .client import SECONDS

INFER = m.methods(m.OPEN_INFERENCE)["ModelInfer"].path
LIVE = m.methods(m.OPEN_INFERENCE)["ServerLive"].path
PREDICT = m.methods(m.PREDICTION)["Predict"].path


def framed(message: bytes) -> bytes:
    """A message behind gRPC's prefix."""
    return struct.pack(">BI", 0, len(message)) + message


class Wire:
    """One connection. It reads only when asked to, and then all that is there."""

    def __init__(self, address: str, *, window: int = 1 << 24) -> None:
        """Connect; `window` is how much of an answer may come before it is asked for."""
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=SECONDS)
        self.http = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.http.initiate_connection()
        self.http.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: window})
        self.codes: dict[int, int] = {}
        self.received: dict[int, bytes] = defaultdict(bytes)
        self.pongs = 0
        self.ended = False
        self.flush()
        # Its settings say how many streams there may be.
        self.read()

    def __enter__(self) -> Wire:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def flush(self) -> None:
        """Send what is to be sent."""
        try:
            self._socket.sendall(self.http.data_to_send())
        except ConnectionError:
            self.ended = True

    def begin(self, path: str) -> int:
        """Write the headers of a call, to be sent with what is sent next."""
        stream = self.http.get_next_available_stream_id()
        headers = {
            ":method": "POST",
            ":scheme": "http",
            ":path": path,
            ":authority": "localhost",
            "content-type": "application/grpc",
            "te": "trailers",
        }
        self.http.send_headers(stream, list(headers.items()))
        return stream

    def open(self, path: str, message: bytes | None = None) -> int:
        """Begin a call: its headers, and a message with its end if there is one."""
        stream = self.begin(path)
        self.flush()
        if message is not None:
            self.send(stream, framed(message), end=True)
        return stream

    def send(self, stream: int, data: bytes, *, end: bool = False) -> None:
        """Send bytes of a body, as the server lets them in; stops when it answers."""
        sent = 0
        while sent < len(data) and stream not in self.codes and not self.ended:
            room = self.http.local_flow_control_window(stream)
            if room == 0:
                self.read()
                continue
            piece = data[sent : sent + min(room, self.http.max_outbound_frame_size)]
            self.http.send_data(stream, piece)
            self.flush()
            sent += len(piece)
        if end and stream not in self.codes and not self.ended:
            self.http.end_stream(stream)
            self.flush()

    def reset(self, stream: int) -> None:
        self.http.reset_stream(stream)
        self.flush()

    def ping(self) -> None:
        self.http.ping(bytes(8))
        self.flush()

    def code(self, stream: int) -> int:
        """Wait for the status of a call."""
        while stream not in self.codes:
            assert not self.ended, "the server ended the connection"
            self.read()
        return self.codes[stream]

    def read(self) -> None:
        """Wait for some bytes, and take what is in them."""
        data = self._socket.recv(1 << 20)
        self.ended |= not data
        for event in self.http.receive_data(data):
            match event:
                case h2.events.ResponseReceived() | h2.events.TrailersReceived():
                    headers = dict(event.headers)
                    if "grpc-status" in headers:
                        self.codes[event.stream_id] = int(headers["grpc-status"])
                case h2.events.DataReceived():
                    self.received[event.stream_id] += event.data
                    self.http.acknowledge_received_data(
                        event.flow_controlled_length, event.stream_id
                    )
                case h2.events.PingAckReceived():
                    self.pongs += 1
                case h2.events.ConnectionTerminated():
                    self.ended = True
        self.flush()
