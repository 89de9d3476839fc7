"""A replica, called as Ray would call it. Needs no Ray."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import grpc
import numpy as np
import pytest

from stele import paths
from stele.contract.codes import Code, SteleError
from stele.server.options import Options
from stele.server.ray import proxy
from stele.server.ray.replica import Replica
from stele.wire import messages, oip
from stele.zoo import train


class Context:
    """What a replica uses of Ray's context."""

    code: grpc.StatusCode | None = None
    details = ""

    def peer(self) -> str:
        return "ipv4:127.0.0.1:1"

    def set_code(self, code: grpc.StatusCode) -> None:
        self.code = code

    def set_details(self, details: str) -> None:
        self.details = details


@pytest.fixture(scope="module")
def replica() -> Replica:
    folder = train.ensure("digits", paths.models_dir()) / "saved_model"
    return Replica(Options(models={"digits": folder}, poll=0))


def request(**inputs: np.ndarray) -> bytes:
    message = messages.ModelInferRequest(model_name="digits")
    oip.put_inputs(message, inputs)
    return message.SerializeToString()


def test_it_has_a_method_for_each_rpc():
    for service in messages.SERVICES:
        for name in messages.methods(service):
            assert callable(getattr(Replica, name))


def test_no_two_services_have_an_rpc_of_one_name():
    # Ray looks methods up by that alone.
    names = [name for service in messages.SERVICES for name in messages.methods(service)]
    assert len(names) == len(set(names))


def test_it_answers(replica: Any):
    context = Context()
    data = request(image=np.zeros((2, 8, 8, 1), np.float32))
    answer = replica.ModelInfer(data, grpc_context=context).SerializeToString()
    ((name, array),) = oip.take_outputs(messages.ModelInferResponse.FromString(answer))
    assert (name, array.shape, context.code) == ("probabilities", (2, 10), None)


def test_an_error_is_code_and_message_and_no_exception(replica: Any):
    context = Context()
    data = request(picture=np.zeros((2, 8, 8, 1), np.float32))
    assert replica.ModelInfer(data, grpc_context=context).SerializeToString() == b""
    assert context.code == grpc.StatusCode.INVALID_ARGUMENT
    assert context.details.startswith('no input "picture"')


def test_bytes_that_are_no_message(replica: Any):
    context = Context()
    replica.Predict(b"\xff\xff\xff", grpc_context=context)
    assert context.code == grpc.StatusCode.INVALID_ARGUMENT


def test_the_access_log_tells_of_calls(capfd: pytest.CaptureFixture[str]):
    replica: Any = Replica(Options(poll=0, access_log=True))
    replica.ServerLive(b"", grpc_context=Context())
    replica.Predict(b"", grpc_context=Context())
    text = ""
    # It is written after the call.
    for _ in range(500):
        text += capfd.readouterr().err
        if text.count("\n{") + text.startswith("{") == 2:
            break
        time.sleep(0.01)
    ok, refused = (json.loads(line) for line in text.splitlines() if line.startswith("{"))
    assert (ok["code"], ok["peer"]) == ("OK", "ipv4:127.0.0.1:1")
    assert refused["code"] == "INVALID_ARGUMENT"


def test_a_model_that_cannot_be_loaded():
    with pytest.raises(SteleError) as caught:
        Replica(Options(models={"gone": Path("/nowhere")}))
    assert caught.value.code == Code.NOT_FOUND


def test_rays_servers_get_all_services():
    handlers: dict[str, Any] = {}
    passed_on: list[str] = []

    class Server:
        """What the services need of Ray's server."""

        def add_passthrough_service(self, name: str) -> None:
            passed_on.append(name)

        def add_generic_rpc_handlers(self, found: tuple[grpc.GenericRpcHandler]) -> None:
            # Ray itself looks at the first one only.
            (handler,) = found
            handlers[handler.service_name()] = handler

        def add_registered_method_handlers(self, service: str, found: dict[str, Any]) -> None:
            pass

    async def add() -> None:
        proxy.add_to_server(Mock(), Server())

    asyncio.run(add())
    standard = {"grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}
    assert handlers.keys() == {*messages.SERVICES, *standard}
    assert {*passed_on} == standard
