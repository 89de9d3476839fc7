"""Asks our server over HTTP and gRPC what tritonclient can; prints the answers as JSON.

python tritonclient_http_tour.py REST-HOST:PORT GRPC-HOST:PORT
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import tritonclient.grpc
import tritonclient.http
from tritonclient.utils import InferenceServerException

RAW = np.arange(64, dtype=np.uint8)
GIVEN = {
    "BOOL": RAW % 3 == 0,
    **{
        name: RAW.view(name.lower().replace("fp", "float"))
        for name in ("INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64")
    },
    **{name: RAW.view(f"float{name[2:]}") for name in ("FP16", "FP32", "FP64")},
    "BYTES": np.array([b"", b"a", "é".encode()], object),
}


def refusal(call: Callable[[], Any]) -> str:
    """Return how a call is refused."""
    try:
        call()
    except InferenceServerException as error:
        return f"{error.status()}: {error.message()}"
    return "answered"


def asked(kind: Any, client: Any, name: str, **form: bool) -> str:
    """Return the bits that one dtype's signature answers with."""
    given = GIVEN[name]
    tensor = kind.InferInput("x", list(given.shape), name)
    tensor.set_data_from_numpy(given, **form)
    wanted = [
        kind.InferRequestedOutput(output, **form) for output in ("same", "reversed", "transposed")
    ]
    found = client.infer(
        "dtypes", [tensor], outputs=wanted, request_id=name,
        parameters={"signature_name": name.lower()},
    )  # fmt: skip
    arrays = [found.as_numpy(output.name()) for output in wanted]
    return " ".join(
        str(array.tolist()) if name == "BYTES" else array.tobytes().hex() for array in arrays
    )


def main(rest: str, grpc: str) -> None:
    """Print one JSON object."""
    client = tritonclient.http.InferenceServerClient(rest)
    other = tritonclient.grpc.InferenceServerClient(grpc)
    answers = {
        "live": client.is_server_live(),
        "ready": client.is_server_ready(),
        "model ready": client.is_model_ready("digits"),
        "other model ready": client.is_model_ready("nope"),
        "server": client.get_server_metadata(),
        "model": client.get_model_metadata("digits"),
        "no model": refusal(lambda: client.get_model_metadata("nope")),
        "index": client.get_model_repository_index(),
        "load": refusal(lambda: client.load_model("digits")),
        "unload": refusal(lambda: client.unload_model("digits")),
        "binary": {
            name: asked(tritonclient.http, client, name, binary_data=True) for name in GIVEN
        },
        "JSON": {
            name: asked(tritonclient.http, client, name, binary_data=False)
            for name in GIVEN
            if name not in ("FP16", "BYTES")
        },
        "gRPC": {name: asked(tritonclient.grpc, other, name) for name in GIVEN},
    }
    print(json.dumps(answers))


if __name__ == "__main__":
    main(*sys.argv[1:])
