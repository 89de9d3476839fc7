"""A server whose answers a test chooses, over grpcio and stele's messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import pytest

from stele.contract.codes import SteleError
from stele.wire import messages


def refusal(call: Callable[..., object], *arguments: object, **options: object) -> SteleError:
    """Return the error that a call ends with."""
    with pytest.raises(SteleError) as caught:
        call(*arguments, **options)
    return caught.value


Answer = Callable[[Any, grpc.ServicerContext], Any]


class Fake:
    """What a fake server was asked, by the name of the method."""

    def __init__(self, answers: dict[str, Answer]) -> None:
        self.address = ""
        self.requests: dict[str, list[Any]] = {name: [] for name in answers}
        self._answers = answers

    def handlers(self) -> list[grpc.GenericRpcHandler]:
        return [self._handler(service) for service in messages.SERVICES]

    def _handler(self, service: str) -> grpc.GenericRpcHandler:
        methods = messages.methods(service)
        return grpc.method_handlers_generic_handler(
            service,
            {
                name: grpc.unary_unary_rpc_method_handler(
                    self._recorded(name),
                    methods[name].request.FromString,
                    methods[name].response.SerializeToString,
                )
                for name in self._answers
                if name in methods
            },
        )

    def _recorded(self, name: str) -> Answer:
        def answer(request: Any, context: grpc.ServicerContext) -> Any:
            self.requests[name].append(request)
            return self._answers[name](request, context)

        return answer


@contextmanager
def serving(
    credentials: grpc.ServerCredentials | None = None, limit: int = -1, **answers: Answer
) -> Iterator[Fake]:
    """Serve, taking requests of so many bytes; a method without an answer is UNIMPLEMENTED."""
    fake = Fake(answers)
    options = [("grpc.max_receive_message_length", limit)]
    server = grpc.server(ThreadPoolExecutor(4), options=options)
    server.add_generic_rpc_handlers(fake.handlers())
    if credentials is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        port = server.add_secure_port("127.0.0.1:0", credentials)
    fake.address = f"127.0.0.1:{port}"
    server.start()
    try:
        yield fake
    finally:
        server.stop(None).wait()


def failing(times: int, code: grpc.StatusCode, then: Answer) -> Answer:
    """Answer with an error some times, and then properly."""
    left = iter(range(times))

    def answer(request: Any, context: grpc.ServicerContext) -> Any:
        if next(left, None) is not None:
            context.abort(code, "not now")
        return then(request, context)

    return answer


def doubler(request: Any, _context: object) -> Any:
    """A model that doubles its input ``x``, FP32 [-1]; see `doubler_metadata`."""
    import numpy as np

    from stele.wire import oip

    response = messages.ModelInferResponse(model_name=request.model_name)
    (_, array), *_ = oip.take_inputs(request)
    oip.put_outputs(response, {"y": array * np.float32(2)})
    return response


def doubler_metadata(request: Any, _context: object) -> Any:
    response = messages.ModelMetadataResponse(name=request.name, platform="fake")
    response.inputs.add(name="x", datatype="FP32", shape=[-1])
    response.outputs.add(name="y", datatype="FP32", shape=[-1])
    return response
