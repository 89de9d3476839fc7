"""The KServe SDK's gRPC service.

Its own server class listens on every interface, so its servicer and interceptor are
put behind a port of the loopback interface here.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import kserve
from grpc import aio
from kserve.protocol.dataplane import DataPlane
from kserve.protocol.grpc import grpc_predict_v2_pb2_grpc as services
from kserve.protocol.grpc.interceptors import ExceptionToStatusInterceptor
from kserve.protocol.grpc.servicer import InferenceServicer
from kserve.protocol.model_repository_extension import ModelRepositoryExtension
from served import Served, Tensor, at_end_of_stdin, from_command_line, say_ready


def _metadata(tensor: Tensor) -> dict[str, Any]:
    return {"name": tensor.name, "datatype": tensor.dtype, "shape": tensor.shape}


class _Model(kserve.Model):
    def __init__(self, served: Served) -> None:
        super().__init__(served.name)
        self._served = served
        self.ready = True

    def get_input_types(self) -> list[dict[str, Any]]:
        return [_metadata(tensor) for tensor in self._served.inputs]

    def get_output_types(self) -> list[dict[str, Any]]:
        return [_metadata(tensor) for tensor in self._served.outputs]

    def predict(self, payload: kserve.InferRequest, *_: Any) -> kserve.InferResponse:
        outputs = self._served.run({entry.name: entry.as_numpy() for entry in payload.inputs})
        found = []
        for name, array in outputs.items():
            dtype = next(spec.dtype for spec in self._served.outputs if spec.name == name)
            output = kserve.InferOutput(name, list(array.shape), dtype)
            output.set_data_from_numpy(array)
            found.append(output)
        return kserve.InferResponse(payload.id, self.name, found)


async def _serve(models: list[Served]) -> None:
    repository = kserve.ModelRepository()
    for served in models:
        repository.update(_Model(served))
    servicer = InferenceServicer(DataPlane(repository), ModelRepositoryExtension(repository))
    server = aio.server(interceptors=[ExceptionToStatusInterceptor()])
    services.add_GRPCInferenceServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    say_ready(port, models)
    await server.wait_for_termination()


if __name__ == "__main__":
    at_end_of_stdin(lambda: os._exit(0))
    asyncio.run(_serve(from_command_line()))
