"""The worker of `python-grpc`: `stele.remote`, behind protocol 1.

`stele.remote.launch` starts it beside a server, and says what the two
variables mean.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path

from stele.contract import worker
from stele.contract.bundle import Tensors
from stele.contract.dtypes import Array
from stele.contract.signature import Signature
from stele.remote import Connection, Model, launch


class _Model:
    """A model that the server has for this worker, or for everybody."""

    def __init__(self, model: Model, *, own: bool) -> None:
        self._model = model
        self._own = own

    @property
    def signatures(self) -> Mapping[str, Signature]:
        return self._model.signatures

    def prepare(self, signature: str, inputs: Tensors) -> Callable[[], Mapping[str, Array]]:
        run = self._model.prepare(signature).run
        return lambda: run(inputs)

    def close(self) -> None:
        self._model.close()
        if self._own:
            self._model.connection.unload(self._model.name)


class _Runner:
    binding = "python-grpc"
    language = f"Python {platform.python_version()}"
    # The server's business.
    tensorflow = ""

    def __init__(self, address: str, served: str | None) -> None:
        self._connection = Connection(address)
        self._served = served
        # A name for each load: one that fails leaves the model before it alone.
        self._names = (f"worker-{os.getpid()}-{number}" for number in count())

    def load(self, folder: Path, tags: frozenset[str], config: bytes) -> worker.Model:
        if self._served is not None:
            return _Model(Model(self._connection, self._served), own=False)
        name = next(self._names)
        config_text = f"hex:{config.hex()}" if config else "default"
        self._connection.load(name, folder, tags=",".join(sorted(tags)), config=config_text)
        return _Model(Model(self._connection, name), own=True)


if __name__ == "__main__":
    sys.exit(worker.serve(_Runner(os.environ[launch.ADDRESS], os.environ.get(launch.MODEL))))
