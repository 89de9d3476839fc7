"""stele's server, asked by other people's clients."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stele.contract.codes import Code
from stele.parity import bad_input
from stele.parity.case import Case
from stele.parity.refusals import Refusal
from tests.interop import agreement
from tests.interop.agreement import OUT, zoo, zoo_cases
from tests.interop.conftest import require, started

MODELS = ("digits", "langid", "dtypes")
PROGRAMS = Path(__file__).with_name("clients")
CLIENTS = {
    "tritonclient": PROGRAMS / "tritonclient_worker.py",
    "tensorflow-serving-api": PROGRAMS / "tensorflow_serving_worker.py",
}

# Client and model -> patterns of cases, and why no server can get these right.
_QUIET = "make_ndarray passes floats through Python's numbers, which quiets a signalling NaN"
KNOWN = {
    ("tensorflow-serving-api", "dtypes"): {"fp32-special": _QUIET, "c64-special": _QUIET},
}

EACH_CLIENT = pytest.mark.parametrize("client", CLIENTS)
EACH_MODEL = pytest.mark.parametrize("model", MODELS)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    models = [f"{name}={zoo(name).folder}" for name in MODELS]
    command = [sys.executable, "-m", "stele.cli", "serve", "--port", "0", "--json"]
    command += ["--rest-port", "0"]
    with started(*command, "--stop-with-stdin", *models, log="stele") as found:
        yield found


@pytest.fixture(scope="module")
def rest(address: str) -> str:  # noqa: ARG001
    """The address of REST, of the same server."""
    (found,) = re.findall(r"REST on http://(\S+)", (OUT / "stele.log").read_text())
    return found


def worker(client: str, address: str, model: str):
    program = agreement.program(client, require(client).python, CLIENTS[client])
    return agreement.served_by(program, address, model)


@EACH_CLIENT
@EACH_MODEL
def test_bits(address, scored, client, model) -> None:
    score = scored("stele", client, model)
    agreement.ask(score, worker(client, address, model), zoo(model), zoo_cases(model))
    score.judge(KNOWN.get((client, model), {}))


@EACH_CLIENT
@EACH_MODEL
def test_bad_input(address, scored, client, model) -> None:
    target = zoo(model)
    base = next(case for case in zoo_cases(model) if case.name in ("one", "mixed-3"))
    rows = bad_input.run_rows(target, base, OUT / "bad" / model)
    if client == "tensorflow-serving-api":
        rows = [_as_tensorflow_serving(row) for row in rows]
    score = scored("stele", client, f"{model}, bad input")
    agreement.ask(score, worker(client, address, model), target, rows)
    score.judge({})


def _as_tensorflow_serving(row: Case) -> Case:
    """TensorFlow Serving has a code of its own for signatures, and does not list them."""
    if row.signature not in ("no_such_signature", "__saved_model_init_op"):
        return row
    names = (f'"{row.signature}" not found',)
    return replace(row, refusal=Refusal(Code.FAILED_PRECONDITION, names))


def tour(client: str, *arguments: str, kind: str = "") -> dict[str, Any]:
    """Run a client's program in its environment and return what it printed."""
    file = PROGRAMS / f"{CLIENTS[client].stem.removesuffix('_worker')}{kind}_tour.py"
    printed = subprocess.run(
        [require(client).python, file, *arguments], capture_output=True, text=True, check=False
    )
    assert printed.returncode == 0, printed.stderr
    return json.loads(printed.stdout)


def test_what_else_tritonclient_asks(address) -> None:
    answers = tour("tritonclient", address, "digits")
    assert answers["live"]
    assert answers["ready"]
    assert answers["model ready"]
    assert answers["other model ready"].startswith("StatusCode.NOT_FOUND")
    assert answers["server"]["name"] == "stele"
    assert answers["model"]["inputs"] == [
        {"name": "image", "datatype": "FP32", "shape": ["-1", "8", "8", "1"]}
    ]
    assert answers["model"]["outputs"] == [
        {"name": "probabilities", "datatype": "FP32", "shape": ["-1", "10"]}
    ]
    assert sorted(model["name"] for model in answers["index"]["models"]) == sorted(MODELS)
    assert {model["state"] for model in answers["index"]["models"]} == {"READY"}
    assert answers["no model"] == (
        'StatusCode.NOT_FOUND: no model "nope"; this server has "digits", "dtypes", "langid"'
    )
    assert answers["no version"].startswith('StatusCode.NOT_FOUND: no version "7"')
    for verb in ("load", "unload"):
        assert answers[verb].startswith("StatusCode.FAILED_PRECONDITION")
    assert answers["not offered"].startswith("StatusCode.UNIMPLEMENTED")


def test_what_tritonclient_asks_over_http(address, rest) -> None:
    answers = tour("tritonclient", rest, address, kind="_http")
    assert [answers[what] for what in ("live", "ready", "model ready")] == [True] * 3
    assert not answers["other model ready"]
    assert (answers["server"]["name"], answers["server"]["extensions"]) == (
        "stele",
        ["model_repository", "binary_tensor_data"],
    )
    assert answers["model"]["inputs"] == [
        {"name": "image", "datatype": "FP32", "shape": [-1, 8, 8, 1]}
    ]
    assert answers["no model"] == (
        '404: no model "nope"; this server has "digits", "dtypes", "langid"'
    )
    assert sorted(model["name"] for model in answers["index"]) == sorted(MODELS)
    for verb in ("load", "unload"):
        assert answers[verb].startswith("400: this server's models are fixed")
    assert len(answers["gRPC"]) == 13
    assert answers["binary"] == answers["gRPC"]
    assert answers["JSON"] == {name: answers["gRPC"][name] for name in answers["JSON"]}


def test_warm_up_requests_that_tensorflow_servings_api_wrote(tmp_path) -> None:
    folder = shutil.copytree(zoo("digits").folder, tmp_path / "warm")
    (folder / "assets.extra").mkdir()
    file = folder / "assets.extra/tf_serving_warmup_requests"
    program = PROGRAMS / "tensorflow_serving_warmup.py"
    subprocess.run([require("tensorflow-serving-api").python, program, file, "3"], check=True)
    serve = [sys.executable, "-m", "stele.cli", "serve", "--port", "0", "--json"]
    with started(*serve, "--stop-with-stdin", str(folder), log="warm"):
        assert "warmed up by 3 requests of its own\n" in (OUT / "warm.log").read_text()


def test_what_else_tensorflow_servings_client_asks(address) -> None:
    answers = tour("tensorflow-serving-api", address)
    assert answers["version"] == 1
    assert answers["signatures"] == ["serve", "serving_default"]
    assert answers["image"] == ["float32", [-1, 8, 8, 1]]
    assert answers["typed"] == {"same": [[1, 2, 2, 2]]}
    assert answers["typed spec"] == ["dtypes", "int16"]
    assert answers["states"] == [[1, answers["available"]]]
    # TensorFlow Serving's codes and texts.
    assert answers["no model"] == "NOT_FOUND: Servable not found for request: Latest(nope)"
    assert answers["no version"] == "NOT_FOUND: Servable not found for request: Specific(digits, 7)"
    assert answers["no field"].startswith("INVALID_ARGUMENT: ")
    assert answers["other field"] == "INVALID_ARGUMENT: Metadata field weather is not supported"
    assert answers["no spec"] == "INVALID_ARGUMENT: Missing ModelSpec"
    assert answers["no status"].startswith("NOT_FOUND: Could not find any versions of model nope")
