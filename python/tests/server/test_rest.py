"""TensorFlow Serving's REST: its forms, its texts, the bits of gRPC, and its bounds."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from stele.contract import dtypes
from stele.contract.dtypes import Array

from .client import Client, bits
from .conftest import Process, not_started, serving
from .rest import Rest, array, values

PREDICT = "/v1/models/bench:predict"


@pytest.fixture(scope="module")
def both(models: Path, zoo: Callable[[str], Path]) -> Iterator[Client]:
    """A server over gRPC and REST."""
    folders = {"bench": models / "bench", "scale": models / "scale", "dtypes": zoo("dtypes")}
    folders["defaulted"] = models / "defaulted"
    with serving("--rest-port", "0", "--workers", "2", **folders) as client:
        yield client


@pytest.fixture(scope="module")
def rest(both: Client) -> Rest:
    return both.process.rest


def test_both_starts(command: Callable[..., Process], models: Path) -> None:
    process = command(f"bench={models / 'bench'}", "--rest-port", "0")
    address = process.ready["rest"]
    assert address.startswith("127.0.0.1:")
    assert f"REST on http://{address}" in process.log.read_text()
    assert process.rest.post(PREDICT, instances=[[1, 2]]) == {
        "predictions": [{"rows": 1, "y": [2.0, 4.0]}]
    }
    process.end_stdin()
    assert process.wait() == 0


# --- what TensorFlow Serving's documentation shows ----------------------------


def test_status(rest: Rest) -> None:
    expected = {
        "model_version_status": [
            {
                "version": "3",
                "state": "AVAILABLE",
                "status": {"error_code": "OK", "error_message": ""},
            }
        ]
    }
    assert rest.get("/v1/models/scale") == expected
    assert rest.get("/v1/models/scale/versions/3") == expected


def test_metadata(rest: Rest) -> None:
    found = rest.get("/v1/models/bench/metadata")
    assert found["model_spec"] == {"name": "bench", "signature_name": "", "version": "1"}
    signatures = found["metadata"]["signature_def"]["signature_def"]
    assert signatures["serving_default"]["method_name"] == "tensorflow/serving/predict"
    assert signatures["serving_default"]["inputs"]["x"] == {
        "dtype": "DT_FLOAT",
        "tensor_shape": {
            "dim": [{"size": "-1", "name": ""}, {"size": "2", "name": ""}],
            "unknown_rank": False,
        },
        "name": signatures["serving_default"]["inputs"]["x"]["name"],
    }
    any_rank = signatures["any_rank"]["inputs"]["x"]
    assert any_rank["tensor_shape"] == {"dim": [], "unknown_rank": True}
    assert rest.get("/v1/models/bench/versions/1/metadata") == found


B64 = {"b64": base64.b64encode(b"a\xff").decode()}


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ({"instances": [[1, 2], [3, 4.5]]},
         {"predictions": [{"rows": 2, "y": [2, 4]}, {"rows": 2, "y": [6, 9]}]}),
        ({"instances": [{"x": [1, 2]}]}, {"predictions": [{"rows": 1, "y": [2, 4]}]}),
        ({"inputs": [[1, 2]]}, {"outputs": {"rows": [1], "y": [[2, 4]]}}),
        ({"inputs": {"x": [[1, 2]]}}, {"outputs": {"rows": [1], "y": [[2, 4]]}}),
        ({"signature_name": "added", "instances": [{"a": 1, "b": 2}, {"a": 3, "b": 0.5}]},
         {"predictions": [3, 3.5]}),
        ({"signature_name": "added", "inputs": {"a": [1, 3], "b": [2, 0.5]}},
         {"outputs": [3, 3.5]}),
        ({"signature_name": "upper", "instances": ["é", "b", B64]},
         {"predictions": ["é", "B", {"b64": base64.b64encode(b"A\xff").decode()}]}),
        ({"signature_name": "upper", "inputs": [{"b64": "YQ"}]}, {"outputs": ["A"]}),
        ({"signature_name": "any_rank", "inputs": 7}, {"outputs": 8}),
        ({"signature_name": "any_rank", "inputs": [[[1], [2]]]}, {"outputs": [[[2], [3]]]}),
        ({"signature_name": "any_rank", "inputs": [[], []]}, {"outputs": [[], []]}),
    ],
)  # fmt: skip
def test_predict(rest: Rest, request_, answer) -> None:
    assert rest.post(PREDICT, **request_) == answer
    assert rest.post("/v1/models/bench/versions/1:predict", **request_) == answer


def test_defaults_fill_in(rest: Rest) -> None:
    path = "/v1/models/defaulted:predict"
    scaled = {"signature_name": "scaled"}
    assert rest.post(path, **scaled, inputs={"x": [1, 2]}) == {"outputs": [10, 20]}
    assert rest.post(path, **scaled, inputs={"x": [1, 2], "factor": 2}) == {"outputs": [2, 4]}


def test_numbers_that_are_none(rest: Rest) -> None:
    body = b'{"instances": [[NaN, Infinity], [-Infinity, -0.0]]}'
    answer = rest.call("POST", PREDICT, body)
    assert answer.status == 200
    assert b'"y":[NaN,Infinity]' in answer.body
    assert b'"y":[-Infinity,-0.0]' in answer.body
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("verb", "path", "body", "status", "text"),
    [
        ("POST", "/v1/models/M:predict", {"instances": [1]}, 404,
         "Servable not found for request: Latest(M)"),
        ("POST", "/v1/models/bench/versions/2:predict", {"instances": [1]}, 404,
         "Servable not found for request: Specific(bench, 2)"),
        ("POST", "/v1/models/bench/labels/stable:predict", {"instances": [1]}, 400,
         "Unrecognized servable version label: stable"),
        ("GET", "/v1/models/M", b"", 404, "Could not find any versions of model M"),
        ("GET", "/v1/models/bench/versions/7", b"", 404,
         "Could not find version 7 of model bench"),
        ("GET", "/v1/models", b"", 400, "Missing model name in request."),
        ("PUT", "/v1/models/bench", b"", 400, "Malformed request: PUT /v1/models/bench"),
        ("POST", "/v1/models/bench:classify", {}, 501, "classify takes tf.Examples"),
        ("POST", "/v1/models/bench:regress", {}, 501, "regress takes tf.Examples"),
        ("GET", "/nowhere", b"", 404, 'no GET "/nowhere"'),
        ("POST", PREDICT, {"signature_name": "S", "instances": [1]}, 400,
         'Serving signature name: "S" not found in signature def'),
        ("POST", PREDICT, {"signature_name": 7, "instances": [1]}, 400,
         "'signature_name' key must be a string value."),
        ("POST", PREDICT, b"", 400, "JSON Parse error: The document is empty"),
        ("POST", PREDICT, b'{"instances": [1', 400, "JSON Parse error: "),
        ("POST", PREDICT, b'{"instances": [[1, 2]]} x', 400, "JSON Parse error: "),
        ("POST", PREDICT, b'{"instances": ["\xff"]}', 400, "not UTF-8 at offset: 16"),
        ("POST", PREDICT, [1], 400, "JSON Value: [1] Is not object"),
        ("POST", PREDICT, {}, 400, "Missing 'inputs' or 'instances' key"),
        ("POST", PREDICT, {"inputs": 1, "instances": [1]}, 400, "expecting only one of"),
        ("POST", PREDICT, b'{"inputs": 1, "inputs": 2}', 400, '"inputs" is given twice'),
        ("POST", PREDICT, {"instances": 1}, 400, "'instances'"),
        ("POST", PREDICT, {"instances": []}, 400, "No values in 'instances' array"),
    ],
)  # fmt: skip
def test_texts(rest: Rest, verb, path, body, status, text) -> None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = rest.refused(path, data, verb)
    assert found[0] == status, found
    assert text in found[1]


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"instances": [[1, 2], [3]]}, ["element: 1 key: x", "unexpected size: 1"]),
        ({"instances": [[1, "a"]]}, ["element: 0 key: x", 'JSON Value: "a" Type: String', "float"]),
        ({"instances": [[1, None]]}, ["x", "Type: Null"]),
        ({"instances": [{"z": 1}]}, ["does not have named input: z"]),
        ({"instances": [{"x": [1, 2]}, [1, 2]]}, ["Expecting object but got list at item 1"]),
        ({"inputs": [[1, 2], 3]}, ['input "x"', "found at incorrect level: 2"]),
        ({"inputs": [[1, [2]]]}, ['input "x"', "list at unexpected level: 2"]),
        ({"inputs": [[1, 1e39]]}, ['input "x"', "1e+39 to float without loss of precision"]),
        ({"inputs": [[1, 2**24 + 1]]}, ['input "x"', "16777217 to float"]),
        ({"inputs": [1, 2]}, ['input "x" has shape [2], expected [?,2]']),
        ({"inputs": {"x": [[1, 2]], "z": 1}}, ['no input "z"; signature "serving_default"']),
        ({"inputs": {}}, ['input "x" of signature "serving_default" is missing']),
        ({"signature_name": "added", "inputs": [1]}, ["expecting an object as multiple"]),
        ({"signature_name": "added", "instances": [1]}, ["expecting list of objects"]),
        ({"signature_name": "added", "instances": [{"a": 1}]}, ["keys must be equal to: a,b"]),
        ({"signature_name": "any_rank", "inputs": 2**31}, ['input "x"', "2147483648", "int32"]),
        ({"signature_name": "any_rank", "inputs": 1.0}, ['input "x"', "int32"]),
        ({"signature_name": "upper", "inputs": [{"b64": "*"}]}, ["Unable to base64 decode"]),
        ({"signature_name": "upper", "inputs": [{"b64": 1}]}, ["not formatted correctly for base"]),
        ({"signature_name": "upper", "inputs": [1]}, ['input "text"', "Type: Number", "string"]),
    ],
)  # fmt: skip
def test_what_does_not_fit_names_its_input(rest: Rest, request_, words: list[str]) -> None:
    status, text = rest.refused(PREDICT, request_)
    assert status == 400
    for word in words:
        assert word in text


def test_an_input_twice(rest: Rest) -> None:
    body = b'{"inputs": {"x": [[1, 2]], "x": [[1, 2]]}}'
    assert rest.refused(PREDICT, body) == (400, 'input "x" is given twice')


def test_outputs_without_rows(rest: Rest) -> None:
    status, text = rest.refused(PREDICT, {"signature_name": "spin", "instances": [1]})
    assert status == 400
    assert '"steps" has shape [1], expected []' in text


# --- the bits of gRPC ---------------------------------------------------------

TINY = np.finfo(np.float32)
EDGES: dict[str, Array] = {
    "BOOL": np.array([[True, False, True]]),
    **{
        name: np.array([[info.min, info.max, 0], [1, info.max - 1, 7]], dtype)
        for name, dtype, info in (
            (name, dtype.numpy, np.iinfo(dtype.numpy))
            for name, dtype in dtypes.BY_NAME.items()
            if "INT" in name
        )
    },
    "FP32": np.array(
        [[0.1, -0.0, TINY.max], [TINY.smallest_subnormal, -TINY.tiny, 1 / 3]], np.float32
    ),
    "FP64": np.array([[0.1, -0.0, 1.7e308], [5e-324, 1 / 3, 2**53 + 2]]),
    "BYTES": np.array([[b"", b"\xff\0"], ["é".encode(), b'"\\\n']], object),
}


@pytest.mark.parametrize("name", EDGES)
def test_every_dtype_has_the_bits_of_grpc(both: Client, rest: Rest, name: str) -> None:
    given = EDGES[name]
    expected = both.infer("dtypes", {"x": given}, name.lower())
    assert expected["same"].tobytes() == given.tobytes() or name == "BYTES"
    request = {"signature_name": name.lower(), "inputs": {"x": values(given)}}
    answer = rest.post("/v1/models/dtypes:predict", **request)["outputs"]
    found = {
        key: array(value, expected[key].dtype, expected[key].shape) for key, value in answer.items()
    }
    assert bits(found) == bits(expected)


def test_floats_at_random_come_back(rest: Rest) -> None:
    anything = np.random.default_rng(0).integers(0, 2**32, 20_000, np.uint32).view(np.float32)
    given = anything[np.isfinite(anything)]
    request = {"signature_name": "fp32", "inputs": {"x": values(given)}}
    answer = rest.post("/v1/models/dtypes:predict", **request)["outputs"]["same"]
    assert np.array(answer, np.float32).tobytes() == given.tobytes()
    # Nine digits are enough for any of them.
    text = "[" + ",".join(f"{value:.9g}" for value in given) + "]"
    body = f'{{"signature_name": "fp32", "inputs": {text}}}'.encode()
    again = rest.call("POST", "/v1/models/dtypes:predict", body).json()["outputs"]["same"]
    assert again == answer


@pytest.mark.parametrize("name", ["fp16", "bf16", "c64", "c128"])
def test_dtypes_without_a_form(rest: Rest, name: str) -> None:
    status, text = rest.refused(
        "/v1/models/dtypes:predict", {"signature_name": name, "inputs": [1]}
    )
    assert status == 501
    assert 'input "x"' in text
    assert "binary" in text


# --- bounds -------------------------------------------------------------------


def test_hostile_bodies_cost_little(models: Path) -> None:
    options = ("--rest-port", "0", "--max-message", "8", "--max-inside", "16")
    with serving(*options, bench=models / "bench") as client:
        rest = client.process.rest
        rest.post(PREDICT, instances=[[1, 2]])
        before = client.process.resident()
        size = 7 << 20
        for opening in (b"[", b'{"a":', b'{"inputs":', b'{"instances":[{"x":', b'{"instances":['):
            status, text = rest.refused(PREDICT, (opening * (size // len(opening)))[:size])
            assert (status, "JSON Parse error" in text) == (400, True), text
        for start, unit, end in (
            (b'{"instances":[[]', b",[]", b"]}"),
            (b'{"instances":[{}', b",{}", b"]}"),
            (b'{"inputs":{"y":0', b',"y":0', b"}}"),
            (b'{"y":0', b',"y":0', b"}"),
            (b'{"signature_name":"upper","inputs":[""', b',""', b"]}"),
            (b'{"signature_name":"any_rank","inputs":[0', b",0", b"]}"),
        ):
            status, text = rest.refused(PREDICT, start + unit * (size // len(unit)) + end)
            assert status in (400, 429), text
            assert len(text) < 2000
        assert client.process.resident() - before < 48 << 20
        assert rest.refused(PREDICT, b" " * (9 << 20))[0] == 429
        assert rest.post(PREDICT, instances=[[1, 2]])


def test_a_body_in_chunks_has_the_same_bounds(rest: Rest) -> None:
    def post(*chunks: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(rest.host, rest.port, timeout=30)
        try:
            connection.request("POST", PREDICT, iter(chunks), encode_chunked=True,
                               headers={"Transfer-Encoding": "chunked"})  # fmt: skip
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    assert post(b'{"instances":', b" [[1,", b" 2]]}")[0] == 200
    status, text = post(*[b" " * (1 << 20)] * 65)
    assert (status, b"this server takes 67108864" in text) == (429, True)


def test_half_a_request_holds_nobody_up(rest: Rest) -> None:
    head = f"POST {PREDICT} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n".encode()
    halves = [socket.create_connection((rest.host, rest.port)) for _ in range(50)]
    for half in halves:
        half.sendall(head)
    assert rest.post(PREDICT, instances=[[1, 2]])
    for half in halves:
        half.close()
    assert rest.post(PREDICT, instances=[[1, 2]])


def test_what_is_no_http(rest: Rest) -> None:
    for garbage in (b"\x00\xff\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 500):
        with socket.create_connection((rest.host, rest.port)) as client:
            client.sendall(garbage + b"\r\n")
            assert client.recv(12) in (b"HTTP/1.1 400", b"HTTP/1.1 431")
    answer = rest.call("POST", PREDICT, b"x", content_encoding="gzip")
    assert (answer.status, "compressed" in answer.json()["error"]) == (501, True)


def test_too_many_calls_and_a_client_that_leaves(models: Path) -> None:
    options = ("--rest-port", "0", "--workers", "1", "--queue", "1", "--grace", "30")
    spin = {"signature_name": "spin", "inputs": 10**5}
    with serving(*options, bench=models / "bench") as client, ThreadPoolExecutor(2) as pool:
        rest = client.process.rest

        def wait_until(inside: int) -> None:
            deadline = time.monotonic() + 20
            while client.process.inside() != inside:
                assert time.monotonic() < deadline
                time.sleep(0.01)

        running = pool.submit(rest.post, PREDICT, **spin)
        wait_until(1)
        with socket.create_connection((rest.host, rest.port)) as left:
            body = json.dumps(spin | {"inputs": 10**9}).encode()
            head = f"POST {PREDICT} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
            left.sendall(head.encode() + body)
            wait_until(2)
            status, text = rest.refused(PREDICT, {"instances": [[1, 2]]})
            assert (status, text) == (429, "2 calls are running or waiting, and no more may wait")
        # Its call will not run.
        wait_until(1)
        waiting = pool.submit(rest.post, PREDICT, instances=[[1, 2]])
        wait_until(2)
        client.process.terminate()
        while client.call("ServerReady").ready:
            time.sleep(0.01)
        assert rest.refused(PREDICT, {"instances": [[1, 2]]}) == (503, "the server is stopping")
        assert running.result()["outputs"]
        assert waiting.result()["predictions"]
        assert client.process.wait() == 0


def test_metrics_and_the_access_log(models: Path) -> None:
    with serving("--rest-port", "0", "--access-log", bench=models / "bench") as client:
        rest = client.process.rest
        rest.post(PREDICT, instances=[[1, 2]])
        rest.refused("/v1/models/no%0Abody:predict", {"instances": [1]})
        rest.get("/v1/models/bench")
        values = client.process.metrics()
        client.process.end_stdin()
        assert client.process.wait() == 0
        log = client.process.log.read_text()
    assert values["stele_requests_total", "Predict", "bench", "OK"] == 1
    assert values["stele_requests_total", "Predict", "", "NOT_FOUND"] == 1
    assert values["stele_requests_total", "GetModelStatus", "bench", "OK"] == 1
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert [(line["model"], line["code"]) for line in lines] == [
        ("bench", "OK"),
        ("no\nbody", "NOT_FOUND"),
        ("bench", "OK"),
    ]
    assert lines[0]["method"] == "/tensorflow.serving.PredictionService/Predict"
    assert min(lines[0]["received"], lines[0]["sent"]) > 0


def test_tls(models: Path, certificate: tuple[Path, Path]) -> None:
    options = ("--rest-port", "0", "--tls-cert", certificate[0], "--tls-key", certificate[1])
    with serving(*options, bench=models / "bench") as client:
        rest = client.process.rest
        trusting = ssl.create_default_context(cafile=certificate[0])
        connection = http.client.HTTPSConnection(rest.host, rest.port, context=trusting, timeout=30)
        connection.request("GET", "/v1/models/bench")
        assert connection.getresponse().status == 200
        connection.close()
        with pytest.raises((OSError, http.client.HTTPException)):
            rest.get("/v1/models/bench")


def test_a_taken_port(bench: Client) -> None:
    port = bench.address.rpartition(":")[2]
    message = not_started("--model-control", "explicit", "--port", "0", "--rest-port", port)
    assert "UNAVAILABLE" in message
    assert bench.address in message
