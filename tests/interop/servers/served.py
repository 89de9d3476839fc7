"""The models that another server serves: ours, run by stele_native.

This and the programs beside it run in the environments of those servers, which
have nothing of stele but stele_native.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import stele_native


@dataclass(frozen=True)
class Tensor:
    """An input or output as a server declares it: ``shape`` has -1 where unknown."""

    name: str
    dtype: str
    shape: list[int]


class Served:
    """One signature of a SavedModel, under a name of its own."""

    def __init__(self, name: str, folder: str, signature: str, rank: int) -> None:
        """Load it.

        Args:
            name: Under which it is served.
            folder: The SavedModel.
            signature: The one signature; these servers know no other.
            rank: What to declare of tensors whose rank is unknown.
        """
        self.name = name
        self._rank = rank
        self._runner = stele_native.Model(folder).prepare(signature)
        found = self._runner.signature
        self.inputs = [self._declare(spec) for spec in found.inputs]
        self.outputs = [self._declare(spec) for spec in found.outputs]

    def _declare(self, spec: stele_native.TensorSpec) -> Tensor:
        shape = [None] * self._rank if spec.shape is None else spec.shape
        return Tensor(spec.name, spec.dtype_name, [-1 if dim is None else dim for dim in shape])

    def run(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Run it: numpy arrays by name, in and out."""
        outputs: dict[str, Any] = self._runner.run(inputs)
        return outputs


def from_command_line() -> list[Served]:
    """Load what the only argument lists: JSON, a list of the arguments of `Served`."""
    return [Served(**entry) for entry in json.loads(sys.argv[1])]


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def say_ready(port: int, models: Sequence[Served]) -> None:
    """Print the line that `stele serve --json` prints."""
    address = f"127.0.0.1:{port}"
    names = [model.name for model in models]
    print(json.dumps({"event": "ready", "address": address, "models": names}), flush=True)


def at_end_of_stdin(stop: Callable[[], None]) -> None:
    """Call a function, in a thread, when stdin ends."""

    def wait() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        stop()

    threading.Thread(target=wait, daemon=True).start()
