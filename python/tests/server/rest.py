"""A client of REST for the tests: the standard library, nothing else."""

from __future__ import annotations

import base64
import http.client
import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from stele.contract.dtypes import Array

SECONDS = 30.0


@dataclass(frozen=True)
class Answer:
    """A response."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Rest:
    """Calls a server's REST port."""

    def __init__(self, address: str) -> None:
        self.host, _, port = address.rpartition(":")
        self.port = int(port)

    def call(self, verb: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection(self.host.strip("[]"), self.port, timeout=SECONDS)
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(verb, path, body, names)
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def get(self, path: str) -> Any:
        """Return the answer to what must be answered."""
        answer = self.call("GET", path)
        assert answer.status == 200, answer
        return answer.json()

    def post(self, path: str, **fields: Any) -> Any:
        """Return the answer to what must be answered."""
        answer = self.call("POST", path, json.dumps(fields).encode())
        assert answer.status == 200, answer
        return answer.json()

    def refused(
        self, path: str, body: bytes | dict[str, Any], verb: str = "POST"
    ) -> tuple[int, str]:
        """Return the status and the text of an error."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = self.call(verb, path, data)
        assert answer.status != 200, answer
        assert answer.json().keys() == {"error"}
        return answer.status, answer.json()["error"]


def values(array: Array) -> Any:
    """Return an array as JSON has it; strings in base64."""
    if array.dtype == object:
        flat = [{"b64": base64.b64encode(text).decode()} for text in array.ravel()]
        return _shaped(flat, array.shape)
    if array.dtype == np.float32:
        # The shortest text of an FP32 is not that of the FP64 that tolist makes.
        return _shaped([float(str(value)) for value in array.ravel()], array.shape)
    return array.tolist()


def _shaped(flat: list[Any], shape: tuple[int, ...]) -> Any:
    if not shape:
        return flat[0]
    step = len(flat) // shape[0] if shape[0] else 0
    return [_shaped(flat[i * step : (i + 1) * step], shape[1:]) for i in range(shape[0])]


def array(json_values: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
    """Return what JSON has as an array."""
    if dtype.kind != "O":
        return np.array(json_values, dtype).reshape(shape)
    found = np.empty(shape, object)
    flat = np.array(json_values, object).ravel() if shape else [json_values]
    found.ravel()[:] = [_bytes(value) for value in flat]
    return found


def _bytes(value: str | dict[str, str]) -> bytes:
    return base64.b64decode(value["b64"]) if isinstance(value, dict) else value.encode()
