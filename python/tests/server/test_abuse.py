"""Random and mutated requests: the server lives, says the right code, and leaks nothing.

The server is a process of its own, so that its end, its log and its memory can be seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stele import savedmodel
from stele.contract import dtypes
from stele.parity import generate
from stele.wire import messages as m
from stele.wire import oip

from .client import Client, bits, infer_request, predict_request
from .conftest import Process

ZOO = ("digits", "langid", "dtypes")

# What may be told of a request that is wrong. Mutated ones may be right.
FAIR = {"OK", "INVALID_ARGUMENT", "NOT_FOUND", "UNIMPLEMENTED", "FAILED_PRECONDITION"}

METHODS = [method.path for service in m.SERVICES for method in m.methods(service).values()]
INFER = "/inference.GRPCInferenceService/ModelInfer"
PREDICT = "/tensorflow.serving.PredictionService/Predict"

# For each of four kinds: 1,400 together.
EXAMPLES = 350
RUNS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)

# Bytes that a thousand bad requests may leave behind: allocators keep some.
GROWTH = 48 * 2**20


class Victim:
    """A server, and a client that sends it anything."""

    def __init__(self, process: Process, folders: dict[str, Path]) -> None:
        self.process = process
        self.client = process.connect()
        self.codes: Counter[str] = Counter()
        self.valid = list(valid_requests(folders))
        image = np.linspace(0, 16, 64, dtype=np.float32).reshape(1, 8, 8, 1)
        self._ask = lambda: bits(self.client.infer("digits", {"image": image}))
        self._due = self._ask()

    def send(self, path: str, data: bytes) -> None:
        try:
            self.client.channel.unary_unary(path)(data, timeout=20)
            code, message = "OK", ""
        except grpc.RpcError as error:
            code, message = error.code().name, error.details()
        self.codes[code] += 1
        assert code in FAIR, (path, data, code, message)
        assert "Traceback" not in message

    def check(self) -> None:
        assert self.process.process.poll() is None
        assert self._ask() == self._due


def valid_requests(folders: dict[str, Path]) -> Iterator[tuple[str, bytes]]:
    for name, folder in folders.items():
        for signature in savedmodel.load_signatures(folder).values():
            for variant, inputs in generate.variants(name, signature):
                if variant not in ("batch1", "fixed", "no-inputs"):
                    continue
                for raw in (True, False):
                    request = infer_request(name, inputs, signature.name, raw=raw)
                    yield INFER, request.SerializeToString()
                request = predict_request(name, inputs, signature.name)
                yield PREDICT, request.SerializeToString()


@pytest.fixture(scope="module")
def victim(
    zoo: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Victim]:
    folders = {name: zoo(name) for name in ZOO}
    log = tmp_path_factory.mktemp("abuse") / "stderr"
    process = Process(*(f"{name}={folder}" for name, folder in folders.items()), log=log)
    found = Victim(process, folders)
    # Threads, arenas and first calls cost memory once.
    for path, data in found.valid * 3:
        found.send(path, data)
    before = process.resident()
    yield found
    found.check()
    assert process.resident() - before < GROWTH
    process.end_stdin()
    assert process.wait() == 0
    text = log.read_text()
    assert "panicked" not in text
    assert "ERROR" not in text
    # Not all of one kind: the strategies still reach what they should.
    assert found.codes["OK"] > 100
    assert found.codes["INVALID_ARGUMENT"] > 300
    assert found.codes["NOT_FOUND"] > 20


# --- bytes --------------------------------------------------------------------

EDIT = st.tuples(
    st.sampled_from(["replace", "insert", "delete", "cut", "repeat"]),
    st.floats(0, 1),
    st.binary(min_size=1, max_size=8),
)


def mutated(data: bytes, edits: list[tuple[str, float, bytes]]) -> bytes:
    for kind, where, new in edits:
        at = int(where * len(data))
        if kind == "replace":
            data = data[:at] + new + data[at + len(new) :]
        elif kind == "insert":
            data = data[:at] + new + data[at:]
        elif kind == "delete":
            data = data[:at] + data[at + len(new) :]
        elif kind == "cut":
            data = data[:at]
        else:
            data = data[:at] + data[at:] * 2
    return data


@RUNS
@given(which=st.integers(0), edits=st.lists(EDIT, min_size=1, max_size=4))
def test_valid_requests_that_were_damaged(victim: Victim, which: int, edits) -> None:
    path, data = victim.valid[which % len(victim.valid)]
    victim.send(path, mutated(data, edits))


@RUNS
@given(path=st.sampled_from(METHODS), data=st.binary(max_size=200))
def test_bytes_that_are_no_request(victim: Victim, path: str, data: bytes) -> None:
    victim.send(path, data)


# --- messages -----------------------------------------------------------------

NAMES = st.sampled_from(["image", "text", "x", "", "é" * 9, "a\0b", "image:0", "\n"])
MODELS = st.sampled_from([*ZOO, *ZOO, "nobody", ""])
SIGNATURES = st.sampled_from(
    ["serving_default", "serve", "fp32", "", "__saved_model_init_op", "no_such_signature"]
)
SIZES = st.sampled_from([-1, 0, 1, 2, 3, 8, 2**29, 2**31, 2**32, 2**40, 2**62, 2**63 - 1, -(2**63)])
SHAPES = st.one_of(
    st.just([1, 8, 8, 1]), st.just([2]), st.lists(SIZES, max_size=5), st.just([1] * 80)
)
DTYPES = st.sampled_from([*dtypes.BY_NAME, "FP32", "FP32", "FLOAT32", "fp32", "", "TF_21"])
DATA = st.one_of(st.binary(max_size=24), st.just(b"\0" * 256), st.just(b"\xff\xff\xff\x7fab"))
CONTENTS = st.one_of(
    st.none(),
    st.just({}),
    st.fixed_dictionaries({"fp32_contents": st.lists(st.floats(width=32), max_size=70)}),
    st.fixed_dictionaries({"int_contents": st.lists(st.integers(-(2**31), 2**31 - 1), max_size=9)}),
    st.fixed_dictionaries({"bytes_contents": st.lists(st.binary(max_size=9), max_size=3)}),
    st.just({"fp32_contents": [1.0] * 64}),
)
INPUTS = st.lists(
    st.fixed_dictionaries(
        {"name": NAMES, "datatype": DTYPES, "shape": SHAPES, "contents": CONTENTS}
    ),
    max_size=3,
)


@RUNS
@given(
    model=MODELS,
    signature=SIGNATURES,
    inputs=INPUTS,
    raws=st.lists(DATA, max_size=3),
    outputs=st.lists(NAMES, max_size=2),
)
def test_requests_made_at_random(
    victim: Victim, model: str, signature: str, inputs, raws, outputs
) -> None:
    request = m.ModelInferRequest(
        model_name=model,
        inputs=inputs,
        raw_input_contents=raws,
        outputs=[{"name": name} for name in outputs],
    )
    if signature:
        request.parameters["signature_name"].string_param = signature
    victim.send(INFER, request.SerializeToString())


NUMBERS = st.sampled_from([1, 1, 7, 9, 10, 14, 8, 0, 99, -1, 21])
PROTO_FIELDS = st.sampled_from(
    [
        {},
        {"tensor_content": b"\0" * 256},
        {"tensor_content": b"\xff" * 5},
        {"float_val": [0.5]},
        {"float_val": [0.5] * 64},
        {"float_val": [0.5] * 65},
        {"string_val": [b"a", b"\xff"]},
        {"half_val": [-1]},
        {"scomplex_val": [1.0]},
        {"bool_val": [True], "int_val": [3]},
        {"float_val": [1.0], "tensor_content": b"\0" * 4},
    ]
)


@RUNS
@given(
    model=MODELS,
    signature=SIGNATURES,
    inputs=st.dictionaries(NAMES, st.tuples(NUMBERS, SHAPES, PROTO_FIELDS), max_size=3),
    version=st.none() | SIZES,
)
def test_predictions_made_at_random(
    victim: Victim, model: str, signature: str, inputs, version: int | None
) -> None:
    spec: dict[str, Any] = {"name": model, "signature_name": signature}
    if version is not None:
        spec["version"] = {"value": version}
    request = m.PredictRequest(model_spec=spec)
    for name, (number, shape, fields) in inputs.items():
        proto = m.TensorProto(dtype=number, **fields)
        for size in shape:
            proto.tensor_shape.dim.add(size=size)
        request.inputs[name].CopyFrom(proto)
    victim.send(PREDICT, request.SerializeToString())


# --- by hand ------------------------------------------------------------------


def test_two_gigabytes_without_data(victim: Victim) -> None:
    """A shape costs no memory before its data is there."""
    before = victim.process.resident()
    for shape in ([2**29], [2**29, 1, 1, 1], [1, 8, 8, 2**23]):
        for contents in (None, {}, {"fp32_contents": [1.0]}):
            request = m.ModelInferRequest(model_name="digits")
            request.inputs.add(name="image", datatype="FP32", shape=shape, contents=contents)
            victim.send(INFER, request.SerializeToString())
        for fields in ({}, {"float_val": [1.0]}, {"tensor_content": b"\0"}):
            proto = m.TensorProto(dtype=1, **fields)
            for size in shape:
                proto.tensor_shape.dim.add(size=size)
            request = m.PredictRequest(model_spec={"name": "digits"})
            request.inputs["image"].CopyFrom(proto)
            victim.send(PREDICT, request.SerializeToString())
    assert victim.process.resident() - before < 2**26
    victim.check()


def test_nothing_was_missed(victim: Victim) -> None:
    """A request of each valid kind still has its answer."""
    for path, data in victim.valid:
        victim.send(path, data)
    client: Client = victim.client
    assert client.call("ServerLive").live
    assert oip.take_inputs(m.ModelInferRequest.FromString(victim.valid[0][1]))
