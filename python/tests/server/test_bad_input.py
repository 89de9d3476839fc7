"""The bad-input table, over both APIs: the same codes and culprits as in process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from stele import savedmodel
from stele.contract import bundle, dtypes
from stele.contract.lines import parse_line
from stele.parity import bad_input, generate, refusals
from stele.parity.case import Case, Target
from stele.wire import messages as m
from stele.wire import tensor_proto

from .client import Client
from .conftest import serving

ZOO = ("digits", "langid", "dtypes")

# Rows about files, or about numbers that no message can hold.
NO_FORM = {
    "missing-bundle", "missing-tensor-file", "too-few-fields", "dimension-beyond-64-bits",
    "dimension-not-a-number",
}  # fmt: skip

# TensorFlow Serving's messages hold an input once, and frame strings themselves.
NO_FORM_IN_PREDICT = NO_FORM | {"duplicate-input", "unknown-input-twice", "bytes-framing"}

# TensorFlow Serving has its own words for these.
SIGNATURE_ROWS = {"unknown-signature", "private-signature"}


def table(kind: str) -> set[str]:
    return set(refusals.rows(kind))


@pytest.fixture(scope="module")
def client(zoo: Callable[[str], Path]) -> Iterator[Client]:
    with serving(**{name: zoo(name) for name in ZOO}) as found:
        yield found


@pytest.fixture(scope="module")
def rows(
    zoo: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> list[tuple[str, Case]]:
    """Every row that a signature of the zoo gives occasion for, with its model."""
    found = []
    for name in ZOO:
        target = Target(name, zoo(name))
        for signature in savedmodel.load_signatures(target.folder).values():
            folder = tmp_path_factory.mktemp("rows")
            _, inputs = next(iter(generate.variants(name, signature)))
            bundle.write_bundle(folder / "base", inputs)
            base = Case("base", signature.name, folder / "base")
            found += [(name, case) for case in bad_input.run_rows(target, base, folder / "spoiled")]
    return found


def row_name(case: Case) -> str:
    return case.name.removeprefix("bad/")


def stored(case: Case) -> list[tuple[str, str, list[int], bytes]]:
    """Read a spoiled bundle without judging it."""
    found = []
    for line in (case.inputs / bundle.INDEX).read_text().splitlines():
        name, dtype, shape, _, file = parse_line(line)
        sizes = [int(size) for size in shape.split(",") if size]
        found.append((name, dtype, sizes, (case.inputs / file).read_bytes()))
    return found


def infer_request(model: str, case: Case) -> Any:
    request = m.ModelInferRequest(model_name=model)
    request.parameters["signature_name"].string_param = case.signature
    for name, dtype, shape, data in stored(case):
        request.inputs.add(name=name, datatype=dtype, shape=shape)
        request.raw_input_contents.append(data)
    return request


def predict_request(model: str, case: Case) -> Any:
    request = m.PredictRequest(model_spec={"name": model, "signature_name": case.signature})
    for name, dtype_name, shape, data in stored(case):
        proto = request.inputs[name]
        dtype = dtypes.BY_NAME.get(dtype_name)
        if dtype_name == "BYTES":
            put_strings(proto, data)
        else:
            proto.dtype = dtype.number if dtype is not None else 99
            proto.tensor_content = data
        del proto.tensor_shape.dim[:]
        for size in shape:
            proto.tensor_shape.dim.add(size=size)
    return request


def put_strings(proto: Any, data: bytes) -> None:
    """Keep what is framed; a file cut short or long becomes a string too few or too many."""
    elements = []
    position = 0
    while position + 4 <= len(data):
        size = int.from_bytes(data[position : position + 4], "little")
        elements.append(data[position + 4 : position + 4 + size])
        position += 4 + size
    if position < len(data):
        elements.append(b"")
    elif position > len(data):
        elements.pop()
    array = np.empty(len(elements), object)
    array[:] = elements
    tensor_proto.put(proto, array)


def answer(client: Client, service: str, method: str, request: Any) -> tuple[str, str]:
    try:
        client.rpc(service, method)(request)
    except grpc.RpcError as error:
        return error.code().name, error.details()
    return "OK", ""


def test_open_inference(client: Client, rows: list[tuple[str, Case]]) -> None:
    seen = set()
    for model, case in rows:
        if row_name(case) in NO_FORM:
            continue
        code, message = answer(client, m.OPEN_INFERENCE, "ModelInfer", infer_request(model, case))
        assert code == case.refusal.code.name, (case.name, message)
        assert all(name in message for name in case.refusal.names), (case, message)
        seen.add(row_name(case))
    assert seen == table("run") - NO_FORM


def test_predict(client: Client, rows: list[tuple[str, Case]]) -> None:
    seen = set()
    for model, case in rows:
        row = row_name(case)
        if row in NO_FORM_IN_PREDICT or (row == "short-file" and is_filled_up(case)):
            continue
        code, message = answer(client, m.PREDICTION, "Predict", predict_request(model, case))
        expected = case.refusal.code.name if row not in SIGNATURE_ROWS else "FAILED_PRECONDITION"
        names = case.refusal.names if row not in SIGNATURE_ROWS else case.refusal.names[:1]
        assert code == expected, (case, message)
        for name in names:
            assert name.replace("FLOAT32", "TF_99") in message, (case, message)
        seen.add(row)
    assert seen == table("run") - NO_FORM_IN_PREDICT


def is_filled_up(case: Case) -> bool:
    """Tell whether the input cut short is one that TensorFlow fills up: values are missing."""
    (found,) = [entry for entry in stored(case) if entry[0] == case.refusal.names[0]]
    return found[1] == "BYTES" or not found[3]


def test_load(zoo: Callable[[str], Path], tmp_path: Path) -> None:
    target = Target("digits", zoo("digits"))
    image = {"image": np.zeros((1, 8, 8, 1), np.float32)}
    seen = set()
    with serving("--model-control", "explicit") as client:
        client.load("digits", path=str(target.folder))
        before = client.infer("digits", image)["probabilities"].tobytes()
        for row in bad_input.load_rows(target, tmp_path / "load"):
            with pytest.raises(grpc.RpcError) as caught:
                client.load(
                    "digits", path=str(row.folder), tags=",".join(row.tags), config=row.config
                )
            error = caught.value
            assert error.code().name == row.refusal.code.name, (row, error.details())
            assert all(name in error.details() for name in row.refusal.names), row
            assert client.infer("digits", image)["probabilities"].tobytes() == before
            seen.add(row.name)
        log = client.process.log.read_text()
    assert seen == table("load")
    assert "panicked" not in log
