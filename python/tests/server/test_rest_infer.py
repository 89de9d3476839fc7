"""The Open Inference Protocol over HTTP, in JSON and with its binary tensors."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stele.contract import dtypes
from stele.contract.bundle import encode
from stele.contract.dtypes import Array

from .client import Client, bits
from .conftest import serving
from .rest import Answer, Rest, array, values

INFER = "/v2/models/bench/infer"
X = {"name": "x", "shape": [1, 2], "datatype": "FP32"}


@pytest.fixture(scope="module")
def both(models: Path, zoo: Callable[[str], Path]) -> Iterator[Client]:
    """A server over gRPC and REST."""
    with serving("--rest-port", "0", bench=models / "bench", dtypes=zoo("dtypes")) as client:
        yield client


@pytest.fixture(scope="module")
def rest(both: Client) -> Rest:
    return both.process.rest


def post(rest: Rest, path: str, request: dict[str, Any], binary: bytes) -> Answer:
    head = json.dumps(request).encode()
    length = {"Inference_Header_Content_Length": str(len(head))}
    return rest.call("POST", path, head + binary, **length)


def tensors(answer: Answer) -> dict[str, bytes]:
    """Return the binary outputs."""
    length = int(answer.headers["inference-header-content-length"])
    rest, found = answer.body[length:], {}
    for output in json.loads(answer.body[:length])["outputs"]:
        size = output["parameters"]["binary_data_size"]
        found[output["name"]], rest = rest[:size], rest[size:]
    assert not rest
    return found


def test_what_there_is(both: Client, rest: Rest) -> None:
    assert rest.get("/v2/health/live") == {"live": True}
    assert rest.get("/v2/health/ready") == {"ready": True}
    server = rest.get("/v2")
    assert server["name"] == "stele"
    assert server["extensions"] == ["model_repository", "binary_tensor_data"]
    assert server["version"] == both.call("ServerMetadata").version
    assert rest.get("/v2/models/bench/ready") == {"name": "bench", "ready": True}
    assert rest.get("/v2/models/bench/versions/1/ready") == {"name": "bench", "ready": True}
    assert rest.get("/v2/models/bench") == {
        "name": "bench",
        "versions": ["1"],
        "platform": "tensorflow_savedmodel",
        "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 2]}],
        "outputs": [
            {"name": "rows", "datatype": "INT32", "shape": [-1]},
            {"name": "y", "datatype": "FP32", "shape": [-1, 2]},
        ],
    }
    for path in ("/v2/models/nobody", "/v2/models/nobody/ready"):
        assert rest.refused(path, b"", "GET") == (
            404,
            'no model "nobody"; this server has "bench", "dtypes"',
        )
    status, text = rest.refused("/v2/models/bench/versions/2/ready", b"", "GET")
    assert (status, 'no version "2"' in text) == (404, True)


def test_json(rest: Rest) -> None:
    request = {"id": "seven", "inputs": [X | {"data": [1, 2.5]}]}
    expected = {
        "model_name": "bench",
        "model_version": "1",
        "id": "seven",
        "outputs": [
            {"name": "rows", "datatype": "INT32", "shape": [1], "data": [1]},
            {"name": "y", "datatype": "FP32", "shape": [1, 2], "data": [2.0, 5.0]},
        ],
    }
    assert rest.post(INFER, **request) == expected
    nested = {"id": "seven", "inputs": [X | {"data": [[1, 2.5]]}]}
    assert rest.post("/v2/models/bench/versions/1/infer", **nested) == expected
    scalar = {"name": "x", "shape": [], "datatype": "INT32", "data": [7]}
    any_rank = {"parameters": {"signature_name": "any_rank"}, "inputs": [scalar]}
    assert rest.post(INFER, **any_rank)["outputs"][0]["data"] == [8]


def test_outputs_are_those_asked_for_in_their_form(rest: Rest) -> None:
    data = np.array([[1, 2.5]], np.float32).tobytes()
    binary = X | {"parameters": {"binary_data_size": len(data)}}
    request = {"inputs": [binary], "parameters": {"binary_data_output": True}}
    answer = post(rest, INFER, request, data)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/octet-stream"
    assert tensors(answer) == {
        "rows": np.array([1], np.int32).tobytes(),
        "y": np.array([[2, 5]], np.float32).tobytes(),
    }
    outputs = [{"name": "y", "parameters": {"binary_data": False}}]
    found = post(rest, INFER, request | {"outputs": outputs}, data).json()["outputs"]
    assert [(output["name"], output["data"]) for output in found] == [("y", [2, 5])]
    request = {"inputs": [X | {"data": [1, 2]}]}
    for wanted, words in ((["nowhere"], '"rows", "y"'), (["y", "y"], "twice")):
        named = [{"name": name} for name in wanted]
        status, text = rest.refused(INFER, request | {"outputs": named})
        assert (status, words in text) == (400, True), text


EDGES: dict[str, Array] = {
    name: np.frombuffer(bytes(range(160)), dtype.numpy)[:4].reshape(2, 2)
    for name, dtype in dtypes.BY_NAME.items()
    if name not in ("BOOL", "BYTES")
} | {
    "BOOL": np.array([[True, False]]),
    "BYTES": np.array([[b"", b"\xff\0"], ["é".encode(), b'"\\\n']], object),
}
ODD = ("FP16", "BF16", "C64", "C128")


@pytest.mark.parametrize("name", EDGES)
def test_every_dtype_has_the_bits_of_grpc(both: Client, rest: Rest, name: str) -> None:
    given = EDGES[name]
    expected = both.infer("dtypes", {"x": given}, name.lower())
    data = encode(given)
    tensor = {"name": "x", "shape": list(given.shape), "datatype": name}
    parameters = {"signature_name": name.lower(), "binary_data_output": True}
    sized = tensor | {"parameters": {"binary_data_size": len(data)}}
    request = {"parameters": parameters, "inputs": [sized]}
    answer = post(rest, "/v2/models/dtypes/infer", request, data)
    assert tensors(answer) == {key: encode(value) for key, value in expected.items()}
    if name in ODD:
        for wrong in (tensor | {"data": [1, 2, 3, 4]}, sized):
            parameters = {"signature_name": name.lower()}
            request = {"parameters": parameters, "inputs": [wrong]}
            refused = post(
                rest, "/v2/models/dtypes/infer", request, b"" if "data" in wrong else data
            )
            assert refused.status == 501
            assert "binary" in refused.json()["error"]
        return
    if name == "BYTES":
        given = np.array(["a", "é"], object)
        expected = both.infer("dtypes", {"x": np.array([b"a", "é".encode()], object)}, "bytes")
        tensor |= {"shape": [2], "data": ["a", "é"]}
    else:
        tensor |= {"data": values(given.ravel())}
    request = {"parameters": {"signature_name": name.lower()}, "inputs": [tensor]}
    outputs = rest.post("/v2/models/dtypes/infer", **request)["outputs"]
    found = {
        output["name"]: array(
            output["data"], expected[output["name"]].dtype, tuple(output["shape"])
        )
        for output in outputs
    }
    assert bits(found) == bits(expected)


@pytest.mark.parametrize(
    ("request_", "binary", "words"),
    [
        ({"inputs": [X | {"data": [1]}]}, b"", ['"x" has data of shape [1]', "FP32 [1,2]"]),
        ({"inputs": [X | {"data": [[1], [2]]}]}, b"", ['"x" has data of shape [2, 1]']),
        ({"inputs": [X | {"data": [1, "a"]}]}, b"", ['input "x"', "Type: String", "float"]),
        ({"inputs": [X]}, b"", ['"x" has neither data nor binary_data_size']),
        ({"inputs": [X | {"shape": [-1, 2], "data": [1, 2]}]}, b"", ['"x"', "negative"]),
        ({"inputs": [X | {"shape": "a", "data": [1]}]}, b"", ['"x" has a shape that is no list']),
        ({"inputs": [X | {"shape": [1] * 300, "data": [1]}]}, b"", ['"x" has a shape']),
        ({"inputs": [X | {"datatype": "FP8", "data": [1]}]}, b"", ['"x"', 'unknown dtype "FP8"']),
        ({"inputs": [X | {"datatype": "FP64", "data": [1, 2]}]}, b"",
         ['input "x" has dtype FP64, expected FP32']),
        ({"inputs": [{"name": "x"}]}, b"", ['"x" has no datatype']),
        ({"inputs": [{}]}, b"", ["an input has no name"]),
        ({"inputs": [1]}, b"", ["Is not object"]),
        ({"inputs": 1}, b"", ['"inputs" is not a list']),
        ({}, b"", ['input "x" of signature "serving_default" is missing']),
        ({"inputs": [X | {"data": [1, 2]}] * 2}, b"", ['input "x" is given twice']),
        ({"inputs": [X | {"name": "z", "data": [1, 2]}]}, b"", ['no input "z"']),
        ({"inputs": [X | {"parameters": {"binary_data_size": 9}}]}, b"12345678",
         ['"x" has a binary_data_size of 9; 8 bytes are left']),
        ({"inputs": [X | {"parameters": {"binary_data_size": 8}}]}, b"123456789",
         ["1 bytes behind its last tensor"]),
        ({"inputs": [X | {"parameters": {"binary_data_size": 4}}]}, b"1234",
         ['"x" has 4 bytes; FP32 [1,2] has 8']),
        ({"inputs": [X | {"parameters": {"binary_data_size": -1}}]}, b"", ['"x"', "binary_data_s"]),
        ({"parameters": {"signature_name": 1}, "inputs": []}, b"", ['"signature_name" is not a']),
        ({"parameters": {"binary_data_output": 1}}, b"", ['"binary_data_output" is not true or']),
        ({"id": 7, "inputs": []}, b"", ['"id" is not a string']),
    ],
)  # fmt: skip
def test_what_does_not_fit(rest: Rest, request_, binary: bytes, words: list[str]) -> None:
    answer = post(rest, INFER, request_, binary)
    assert answer.status == 400, answer
    for word in words:
        assert word in answer.json()["error"]


def test_what_is_not_offered(rest: Rest) -> None:
    for name in ("classification", "shared_memory_region"):
        request = {"inputs": [X | {"data": [1, 2], "parameters": {name: "1"}}]}
        status, text = rest.refused(INFER, request)
        assert (status, f'input "x" has parameter "{name}"' in text) == (501, True)
    assert rest.refused("/v2/models/bench/infer", b"", "GET")[0] == 404
    status, text = rest.refused(INFER, {"parameters": {"signature_name": "nothing"}})
    assert (status, 'no signature "nothing"' in text) == (404, True)


def test_headers_that_lie(rest: Rest) -> None:
    for value in ("99", "-1", "x"):
        answer = rest.call("POST", INFER, b"{}", Inference_Header_Content_Length=value)
        assert answer.status == 400, answer
    body = b'{"inputs":[' + b"{}," * (1 << 20) + b"{}]}"
    assert rest.refused(INFER, body) == (400, "an input has no name")
    assert rest.refused(INFER, b"[" * (1 << 20))[0] == 400


# --- the model repository -----------------------------------------------------

REPOSITORY = "/v2/repository/models"


def test_models_come_and_go(models: Path) -> None:
    explicit = ("--model-control", "explicit", "--rest-port", "0")
    with serving(*explicit, "--access-log", bench=models / "bench") as client:
        rest = client.process.rest
        folder = str(models / "scale" / "2")
        assert rest.post(f"{REPOSITORY}/a%2Fb/load", parameters={"path": folder}) == {}
        index = rest.post("/v2/repository/index")
        assert [(model["name"], model["state"]) for model in index] == [
            ("a/b", "READY"),
            ("bench", "READY"),
        ]
        assert index[0]["version"] == "1"
        given = {"inputs": [X | {"data": [1, 2]}]}
        assert rest.post("/v2/models/a%2Fb/infer", **given)["outputs"][0]["data"] == [2, 4]
        # Again, as it was: without a body, too.
        assert rest.call("POST", f"{REPOSITORY}/a%2Fb/load").json() == {}
        assert rest.post(f"{REPOSITORY}/a%2Fb/unload") == {}
        assert [model["name"] for model in rest.post("/v2/repository/index")] == ["bench"]
        assert rest.refused(f"{REPOSITORY}/a%2Fb/unload", b"")[0] == 404
        assert '"method":"/inference.GRPCInferenceService/RepositoryModelLoad","model":"a/b"' in (
            client.process.log.read_text()
        )


@pytest.fixture(scope="module")
def repository() -> Iterator[Rest]:
    """A server without a model."""
    with serving("--model-control", "explicit", "--rest-port", "0") as client:
        yield client.process.rest


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"parameters": {"path": "/nosuch"}}, 404, "/nosuch"),
        ({"parameters": {"path": 1}}, 400, 'parameter "path" is not a string'),
        ({"parameters": {"config": "hex:0g"}}, 400, 'parameter "path" is missing'),
        ({"parameters": []}, 400, "Is not object"),
        ({}, 400, 'parameter "path" is missing'),
        (b"{", 400, "JSON Parse error"),
        (b"[]", 400, "Is not object"),
    ],
)
def test_loads_that_are_none(repository: Rest, body: Any, status: int, words: str) -> None:
    found, message = repository.refused(f"{REPOSITORY}/m/load", body)
    assert (found, words in message) == (status, True), message


def test_models_that_are_fixed(rest: Rest) -> None:
    for verb in ("load", "unload"):
        status, message = rest.refused(f"{REPOSITORY}/bench/{verb}", b"")
        assert (status, "--model-control explicit" in message) == (400, True)
    assert rest.refused("/v2/repository/index", b"", "GET")[0] == 404
