"""Serves the page on 127.0.0.1, with Python behind it."""

from __future__ import annotations

import json
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

from stele.contract.codes import Code, SteleError, from_os_error
from stele.web.python import Reference

HOST = "127.0.0.1"
_PYTHON = "/python/digits"
_IMAGE = (1, 8, 8, 1)
_IMAGE_BYTES = 4 * 8 * 8


class Server(ThreadingHTTPServer):
    """Static files, and ``/python/digits``: 64 pixels in, ten probabilities out.

    Both are FP32, little-endian, so that the page sees the very bits of Python.

    Args:
        folder: The layout.
        reference: The model of digits.
        port: 0 takes a free one.

    Raises:
        SteleError: The port is taken, or not ours to take.
    """

    daemon_threads = True

    def __init__(self, folder: Path, reference: Reference, port: int) -> None:
        self.folder = folder
        self.reference = reference
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            refusal = from_os_error(error)
            code = Code.UNAVAILABLE if refusal.code is Code.UNKNOWN else refusal.code
            raise SteleError(code, f"port {port}: {error.strerror}") from error

    @property
    def url(self) -> str:
        """What to open."""
        return f"http://{HOST}:{self.server_address[1]}/"


class _Handler(SimpleHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def __init__(self, request: object, client: object, server: Server) -> None:
        super().__init__(request, client, server, directory=str(server.folder))  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Answer with a file, or with who Python is."""
        if self.path != _PYTHON:
            super().do_GET()
            return
        answer = {"tensorflow": self.server.reference.tensorflow}
        self._answer(HTTPStatus.OK, json.dumps(answer).encode(), "application/json")

    def do_POST(self) -> None:
        """Answer with ten probabilities."""
        body = self._body()
        if body is None:
            return
        image = np.frombuffer(body, "<f4").reshape(_IMAGE).astype(np.float32)
        try:
            outputs = self.server.reference.run({"image": image}, "serving_default")
        except SteleError as error:
            self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, str(error).encode())
            return
        answer = outputs["probabilities"].astype("<f4").tobytes()
        self._answer(HTTPStatus.OK, answer, "application/octet-stream")

    def _body(self) -> bytes | None:
        """Return the pixels; None when something else came, which is answered."""
        # A page of another site may post here, but it cannot say that it is ours.
        ours = self.server.url.removeprefix("http://").removesuffix("/")
        length = self.headers.get("Content-Length", "")
        status = None
        if self.path != _PYTHON:
            status = HTTPStatus.NOT_FOUND
        elif self.headers.get("Host") not in (ours, ours.replace(HOST, "localhost")):
            status = HTTPStatus.FORBIDDEN
        elif length != str(_IMAGE_BYTES):
            status = HTTPStatus.BAD_REQUEST
        if status is None:
            return self.rfile.read(_IMAGE_BYTES)
        self.close_connection = True  # what else is in the request is not read
        self._answer(status, f"POST {_IMAGE_BYTES} bytes to {_PYTHON}\n".encode())
        return None

    def _answer(self, status: HTTPStatus, body: bytes, kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self) -> None:
        """Add what every answer says."""
        # A layout is replaced as a whole: no part of an old one may stay in a cache.
        self.send_header("Cache-Control", "no-cache")
        # An isolated page has a clock of 5 µs, any other one of 100 µs.
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of each request."""
