"""stele's clients, asking other people's servers.

Each server serves our models, run by stele_native, so that bits can be compared.
These servers know no signatures: each signature is a model of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stele.contract.bundle import read_bundle
from stele.parity.binding import discover
from stele.parity.case import Case
from tests.conftest import needing_tools
from tests.interop import agreement
from tests.interop.agreement import zoo, zoo_cases
from tests.interop.conftest import require, started

PROGRAMS = Path(__file__).with_name("servers")


@dataclass(frozen=True)
class Server:
    """Somebody's server: its environment, and the program that starts it there."""

    environment: str
    program: Path


SERVERS = {
    "Triton": Server("nvidia-pytriton", PROGRAMS / "triton_server.py"),
    "MLServer": Server("mlserver", PROGRAMS / "mlserver_server.py"),
    "KServe": Server("kserve", PROGRAMS / "kserve_server.py"),
}
CLIENTS = ("python-grpc", "rust-grpc", "js-grpc", "go-grpc", "java-grpc")


@dataclass(frozen=True)
class Entry:
    """A model as these servers have it: one signature, and a rank.

    Attributes:
        model: Of the zoo.
        signature: Of the model.
        rank: Of the inputs that the model takes in any rank; a server wants one.
    """

    model: str
    signature: str = "serving_default"
    rank: int = 0

    @property
    def name(self) -> str:
        """What the server calls it."""
        return f"{self.model}.{self.signature}.{self.rank}" if self.rank else self.model

    def loaded(self) -> dict[str, Any]:
        """Return the arguments of `servers.served.Served`."""
        return {
            "name": self.name,
            "folder": str(zoo(self.model).folder),
            "signature": self.signature,
            "rank": self.rank,
        }

    def cases(self) -> list[Case]:
        """Return the cases that fit."""
        return [
            case
            for case in zoo_cases(self.model)
            if case.signature == self.signature
            and (not self.rank or read_bundle(case.inputs)["x"].ndim == self.rank)
        ]


# BF16 and complex numbers are no dtypes of these servers' Python sides. Special
# values are in rank 1; the higher ranks show the order of elements.
DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "fp16", "fp32", "fp64", "bytes",
)  # fmt: skip
ENTRIES = (
    Entry("digits"),
    Entry("langid"),
    *(Entry("dtypes", signature, 1) for signature in DTYPES),
    *(Entry("dtypes", signature, 3) for signature in ("int16", "fp64", "bytes")),
)


# Server -> patterns of cases, and why no client can get these right.
_EMPTY = "the Python proxy of nvidia-pytriton refuses tensors without elements"
_NUMBERS = "passes floats through Python's numbers, which changes the bits of a NaN"
KNOWN = {
    "Triton": {
        "*: empty-batch": _EMPTY,
        "*: serving_default/batch0": _EMPTY,
        "dtypes.bytes.*: bytes-empty-[02]*": _EMPTY,
    },
    "MLServer": {
        "dtypes.fp16.1: fp16-special": _NUMBERS,
        "dtypes.fp32.1: fp32-special": _NUMBERS,
    },
}


@pytest.fixture(scope="module", params=SERVERS)
def server(request) -> Iterator[tuple[str, str]]:
    found = SERVERS[request.param]
    python = require(found.environment).python
    models = json.dumps([entry.loaded() for entry in ENTRIES])
    with started(str(python), str(found.program), models, log=request.param) as address:
        yield request.param, address


@pytest.mark.parametrize("client", CLIENTS)
def test_bits(server, scored, client) -> None:
    name, address = server
    binding = discover().get(client)
    if binding is None:
        pytest.skip(f"there is no binding {client}")
    score = scored(name, client, "all")
    with needing_tools():
        for entry in ENTRIES:
            worker = agreement.served_by(binding, address, entry.name)
            agreement.ask(score, worker, zoo(entry.model), entry.cases(), served=entry.name)
    score.judge(KNOWN.get(name, {}))
