"""The Open Inference Protocol over a real channel."""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import stele_native

from stele import savedmodel
from stele.contract.dtypes import Array
from stele.parity import generate
from stele.wire import messages as m

from .client import Client, bits, connect, infer_request, outputs_of
from .conftest import refused, serving

X = np.array([[1, 2], [3, 4]], np.float32)


def test_the_server_says_what_it_is(bench: Client) -> None:
    assert bench.call("ServerLive").live
    assert bench.call("ServerReady").ready
    answer = bench.call("ServerMetadata")
    assert answer.name == "stele"
    assert answer.version == metadata.version("tf-stele")
    assert bench.call("ModelReady", name="bench").ready
    assert bench.call("ModelReady", name="bench", version="1").ready


def test_metadata_of_a_model(bench: Client) -> None:
    answer = bench.call("ModelMetadata", name="bench")
    assert (answer.name, list(answer.versions), answer.platform) == (
        "bench",
        ["1"],
        "tensorflow_savedmodel",
    )
    assert [(i.name, i.datatype, list(i.shape)) for i in answer.inputs] == [("x", "FP32", [-1, 2])]
    assert [o.name for o in answer.outputs] == ["rows", "y"]


def test_an_answer_says_what_answered(bench: Client) -> None:
    request = infer_request("bench", {"x": X})
    request.id = "seven"
    response = bench.rpc(m.OPEN_INFERENCE, "ModelInfer")(request)
    assert (response.model_name, response.model_version, response.id) == ("bench", "1", "seven")
    assert [(o.name, o.datatype, list(o.shape)) for o in response.outputs] == [
        ("rows", "INT32", [2]),
        ("y", "FP32", [2, 2]),
    ]


def test_outputs_are_those_asked_for_in_that_order(bench: Client) -> None:
    assert list(bench.infer("bench", {"x": X}, outputs=("y",))) == ["y"]
    assert list(bench.infer("bench", {"x": X}, outputs=("y", "rows"))) == ["y", "rows"]
    with refused("INVALID_ARGUMENT", '"nowhere"', '"rows", "y"'):
        bench.infer("bench", {"x": X}, outputs=("nowhere",))
    with refused("INVALID_ARGUMENT", '"y"', "twice"):
        bench.infer("bench", {"x": X}, outputs=("y", "y"))


def test_the_answer_has_the_form_of_the_request(bench: Client) -> None:
    infer = bench.rpc(m.OPEN_INFERENCE, "ModelInfer")
    typed = infer(infer_request("bench", {"x": X}, raw=False))
    assert list(typed.outputs[1].contents.fp32_contents) == [2, 4, 6, 8]
    assert not typed.raw_output_contents
    raw = infer(infer_request("bench", {"x": X}))
    assert raw.raw_output_contents[1] == (X * 2).tobytes()


def test_signatures(bench: Client) -> None:
    text = np.array([b"a\0b", b"", "é".encode()], object)
    for raw in (True, False):
        assert bench.infer("bench", {"text": text}, "upper", raw=raw)["text"].tolist() == [
            b"A\0B",
            b"",
            "é".encode(),
        ]
    for shape in ((), (1, 1, 1, 3)):
        assert bench.infer("bench", {"x": np.zeros(shape, np.int32)}, "any_rank")["y"].shape == (
            shape
        )
    with refused("NOT_FOUND", '"nothing"', '"serving_default"'):
        bench.infer("bench", {"x": X}, "nothing")
    request = infer_request("bench", {"x": X})
    request.parameters["signature_name"].int64_param = 1
    with refused("INVALID_ARGUMENT", '"signature_name"'):
        bench.rpc(m.OPEN_INFERENCE, "ModelInfer")(request)


def test_models_and_versions_that_are_not_there(bench: Client) -> None:
    for call in (
        lambda **spec: bench.call("ModelReady", **spec),
        lambda **spec: bench.call("ModelMetadata", **spec),
        lambda name, version="": bench.call("ModelInfer", model_name=name, model_version=version),
    ):
        with refused("NOT_FOUND", '"nobody"', '"bench"'):
            call(name="nobody")
        for version in ("2", "one", "01"):
            with refused("NOT_FOUND", f'"{version}"', '"1"'):
                call(name="bench", version=version)


@pytest.mark.parametrize("name", ["classification", "shared_memory_region"])
def test_extensions_that_change_the_answer_are_not_ignored(bench: Client, name: str) -> None:
    for kind in ("inputs", "outputs"):
        request = infer_request("bench", {"x": X})
        request.outputs.add(name="y")
        getattr(request, kind)[0].parameters[name].int64_param = 1
        with refused("UNIMPLEMENTED", name):
            bench.rpc(m.OPEN_INFERENCE, "ModelInfer")(request)


def test_what_is_implemented_nowhere(bench: Client) -> None:
    with refused("UNIMPLEMENTED"):
        bench.channel.unary_unary("/inference.GRPCInferenceService/ModelStatistics")(b"")


def test_a_request_that_is_too_large(models: Path) -> None:
    with serving("--max-message", "1", bench=models / "bench") as client:
        assert client.infer("bench", {"x": np.zeros((100_000, 2), np.float32)})
        with refused("RESOURCE_EXHAUSTED"):
            client.infer("bench", {"x": np.zeros((200_000, 2), np.float32)})
        assert client.infer("bench", {"x": X})


def test_a_large_answer(bench: Client) -> None:
    with connect(bench.address, ("grpc.max_receive_message_length", -1)) as client:
        count = 20_000_000
        found = client.infer("bench", {"count": np.array(count, np.int64)}, "large")
        assert found["y"].shape == (count,)
    with refused("RESOURCE_EXHAUSTED"):
        bench.infer("bench", {"count": np.array(count, np.int64)}, "large")


def test_a_message_that_no_header_would_carry(bench: Client) -> None:
    with refused("NOT_FOUND", '"é'):
        bench.call("ModelReady", name="é" * 10_000)


# --- bits ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["digits", "langid", "dtypes"])
def test_the_bits_are_the_runner_s(name: str, zoo: Callable[[str], Path]) -> None:
    folder = zoo(name)
    model = stele_native.Model(folder)
    with serving(**{name: folder}) as client:
        for signature in savedmodel.load_signatures(folder).values():
            for _, inputs in generate.variants(name, signature):
                compare(client, model, name, signature.name, inputs)


def compare(client: Client, model, name: str, signature: str, inputs: dict[str, Array]) -> None:
    try:
        expected = model.run(inputs, signature)
    except stele_native.SteleError as error:
        with refused(error.code_name, error.message[:100]):
            client.infer(name, inputs, signature)
        with refused(error.code_name, error.message[:100]):
            client.predict(name, inputs, signature)
        return
    # Typed floats pass through Python's, which only a signalling NaN does not survive.
    for found in (
        client.infer(name, inputs, signature),
        client.infer(name, inputs, signature, raw=False),
        outputs_of(client.predict(name, inputs, signature)),
    ):
        assert bits(found) == bits(expected)
