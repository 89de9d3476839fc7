"""Calls every other method of tritonclient that our server offers; prints the answers as JSON.

python tritonclient_tour.py HOST:PORT MODEL
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException


def refusal(call: Callable[[], Any]) -> str:
    """Return how a call is refused."""
    try:
        call()
    except InferenceServerException as error:
        return f"{error.status()}: {error.message()}"
    return "answered"


def main(address: str, model: str) -> None:
    """Print one JSON object."""
    client = triton.InferenceServerClient(address)
    answers = {
        "live": client.is_server_live(),
        "ready": client.is_server_ready(),
        "model ready": client.is_model_ready(model),
        "other model ready": refusal(lambda: client.is_model_ready("nope")),
        "server": client.get_server_metadata(as_json=True),
        "model": client.get_model_metadata(model, as_json=True),
        "index": client.get_model_repository_index(as_json=True),
        "no model": refusal(lambda: client.get_model_metadata("nope")),
        "no version": refusal(lambda: client.get_model_metadata(model, "7")),
        "load": refusal(lambda: client.load_model(model)),
        "unload": refusal(lambda: client.unload_model(model)),
        "not offered": refusal(client.get_inference_statistics),
    }
    print(json.dumps(answers))


if __name__ == "__main__":
    main(*sys.argv[1:])
