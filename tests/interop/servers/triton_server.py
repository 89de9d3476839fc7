"""The C++ Triton Inference Server in nvidia-pytriton, on the loopback interface."""

from __future__ import annotations

import os
import sysconfig
import threading
from collections.abc import Callable
from typing import Any

# The server's Python backend links against libpython.
os.environ["LD_LIBRARY_PATH"] = sysconfig.get_config_var("LIBDIR")

import numpy as np
from pytriton.model_config import ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig
from served import Served, at_end_of_stdin, free_port, from_command_line, say_ready
from served import Tensor as Declared

_NUMPY = {
    "BOOL": np.bool_, "INT8": np.int8, "INT16": np.int16, "INT32": np.int32, "INT64": np.int64,
    "UINT8": np.uint8, "UINT16": np.uint16, "UINT32": np.uint32, "UINT64": np.uint64,
    "FP16": np.float16, "FP32": np.float32, "FP64": np.float64, "BYTES": np.bytes_,
}  # fmt: skip


def _tensor(declared: Declared) -> Tensor:
    return Tensor(name=declared.name, dtype=_NUMPY[declared.dtype], shape=tuple(declared.shape))


def _function(served: Served) -> Callable[[list[Any]], list[Any]]:
    def infer(requests: list[Any]) -> list[Any]:
        return [served.run(dict(request.data)) for request in requests]

    return infer


def main() -> None:
    """Serve until stdin ends."""
    models = from_command_line()
    port = free_port()
    config = TritonConfig(
        grpc_address="127.0.0.1",
        grpc_port=port,
        allow_grpc=True,
        allow_http=False,
        allow_metrics=False,
    )
    stop = threading.Event()
    at_end_of_stdin(stop.set)
    with Triton(config=config) as triton:
        for served in models:
            triton.bind(
                model_name=served.name,
                infer_func=_function(served),
                inputs=[_tensor(declared) for declared in served.inputs],
                outputs=[_tensor(declared) for declared in served.outputs],
                config=ModelConfig(batching=False),
            )
        say_ready(port, models)
        stop.wait()


if __name__ == "__main__":
    main()
