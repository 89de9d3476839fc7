"""MLServer, on the loopback interface."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import numpy as np
from grpc import aio
from mlserver import MLModel, MLServer, ModelSettings, Settings, types
from served import Served, at_end_of_stdin, free_port, from_command_line, say_ready

_MODELS: dict[str, Served] = {}


class Model(MLModel):
    """MLServer makes it by its class and the settings' name."""

    async def predict(self, payload: types.InferenceRequest) -> types.InferenceResponse:
        served = _MODELS[self.name]
        outputs = served.run({entry.name: _array(entry) for entry in payload.inputs})
        return types.InferenceResponse(
            model_name=self.name, outputs=[_output(served, *output) for output in outputs.items()]
        )


# MLServer's own codec makes null of NaN and one string of BYTES; its gRPC service
# has unpacked the elements already.
_NUMPY = {
    "BOOL": "bool", "INT8": "int8", "INT16": "int16", "INT32": "int32", "INT64": "int64",
    "UINT8": "uint8", "UINT16": "uint16", "UINT32": "uint32", "UINT64": "uint64",
    "FP16": "float16", "FP32": "float32", "FP64": "float64", "BYTES": "object",
}  # fmt: skip


def _array(entry: types.RequestInput) -> Any:
    values = getattr(entry.data, "root", entry.data)
    array = np.empty(len(values), dtype=_NUMPY[str(entry.datatype)])
    array[:] = values
    return array.reshape(entry.shape)


def _output(served: Served, name: str, array: Any) -> types.ResponseOutput:
    dtype = next(spec.dtype for spec in served.outputs if spec.name == name)
    data = array.reshape(-1).tolist()
    return types.ResponseOutput(name=name, shape=list(array.shape), datatype=dtype, data=data)


def _settings(served: Served) -> ModelSettings:
    declared = {
        side: [
            types.MetadataTensor(name=spec.name, datatype=spec.dtype, shape=spec.shape)
            for spec in specs
        ]
        for side, specs in (("inputs", served.inputs), ("outputs", served.outputs))
    }
    return ModelSettings(name=served.name, implementation=Model, **declared)


async def _serve(models: list[Served]) -> None:
    settings = Settings(
        host="127.0.0.1",
        http_port=free_port(),
        grpc_port=free_port(),
        metrics_endpoint=None,
        parallel_workers=0,
        debug=False,
    )
    server = MLServer(settings)
    serving = asyncio.create_task(server.start([_settings(served) for served in models]))
    waiting = asyncio.create_task(_say_when_ready(settings.grpc_port, models))
    await asyncio.gather(serving, waiting)


async def _say_when_ready(port: int, models: list[Served]) -> None:
    from mlserver.grpc import dataplane_pb2 as pb
    from mlserver.grpc.dataplane_pb2_grpc import GRPCInferenceServiceStub

    async with aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = GRPCInferenceServiceStub(channel)
        while not (await stub.ServerReady(pb.ServerReadyRequest(), wait_for_ready=True)).ready:
            await asyncio.sleep(0.05)
    say_ready(port, models)


if __name__ == "__main__":
    at_end_of_stdin(lambda: os._exit(0))
    _MODELS.update({served.name: served for served in from_command_line()})
    asyncio.run(_serve(list(_MODELS.values())))
