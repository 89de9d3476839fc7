"""Calls before the first client's: requests that a SavedModel brings along, or zeros.

``counter`` says how many calls it has had.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from stele.wire import messages as m

from .client import Client, predict_request
from .conftest import not_started, refused, serving

PredictionLog = m.message("tensorflow.serving.PredictionLog")
FIRST = {"amounts": np.array([[1, 10, 100]], np.float32)}
OTHERS = ("classify_log", "regress_log", "multi_inference_log", "session_run_log")


@pytest.fixture
def counter(tmp_path: Path, zoo: Callable[[str], Path]) -> Path:
    return shutil.copytree(zoo("counter"), tmp_path / "counter")


def predict(inputs: dict[str, np.ndarray], signature: str = "") -> bytes:
    # Under whatever name the requests were once recorded.
    request = predict_request("recorded", inputs, signature)
    return PredictionLog(predict_log={"request": request}).SerializeToString()


def bring(folder: Path, records: Iterable[bytes]) -> None:
    extra = folder / "assets.extra"
    extra.mkdir()
    with tf.io.TFRecordWriter(str(extra / "tf_serving_warmup_requests")) as writer:
        for record in records:
            writer.write(record)


def calls(client: Client) -> int:
    """How many calls a counter has had, this one counted."""
    return int(client.infer("counter", FIRST)["calls"])


def log(client: Client) -> str:
    return client.process.log.read_text()


def test_the_requests_of_the_model_are_replayed(counter: Path) -> None:
    bring(counter, [predict(FIRST), predict(FIRST, "serving_default"), predict(FIRST)])
    with serving(counter=counter) as client:
        assert calls(client) == 4
        assert "warmed up by 3 requests of its own\n" in log(client)


def test_what_is_no_predict_is_passed_over(counter: Path) -> None:
    bring(
        counter,
        [predict(FIRST), *(PredictionLog(**{other: {}}).SerializeToString() for other in OTHERS)],
    )
    with serving(counter=counter) as client:
        assert calls(client) == 2
        assert "by 1 requests of its own (4 are no Predict, and were passed over)" in log(client)


@pytest.mark.parametrize(
    ("record", "code", "words"),
    [
        (predict({"amounts": np.zeros((1, 2), np.float32)}), "INVALID_ARGUMENT", '"amounts"'),
        (predict(FIRST, "nosuch"), "FAILED_PRECONDITION", 'key "nosuch" not found'),
        (b"\xff", "INVALID_ARGUMENT", "no PredictionLog"),
    ],
    ids=["input", "signature", "message"],
)
def test_a_request_that_fails_keeps_the_model_out(
    counter: Path, record: bytes, code: str, words: str
) -> None:
    """As in TensorFlow Serving: a model that cannot do this does not take traffic."""
    bring(counter, [predict(FIRST), record])
    said = not_started(counter, "--port", "0")
    assert code in said
    assert "record 2: " in said
    assert words in said


def test_too_many_requests(counter: Path) -> None:
    bring(counter, [predict(FIRST)] * 1001)
    said = not_started(counter, "--port", "0")
    assert "INVALID_ARGUMENT" in said
    assert "record 1001: there may be 1000" in said


def test_a_damaged_file(counter: Path) -> None:
    bring(counter, [predict(FIRST)])
    file = counter / "assets.extra/tf_serving_warmup_requests"
    file.write_bytes(file.read_bytes()[:-1])
    said = not_started(counter, "--port", "0")
    assert "DATA_LOSS" in said
    assert str(file) in said


def test_a_signal_while_a_model_loads(models: Path, tmp_path: Path, start: list[str]) -> None:
    """A load cannot be interrupted, and takes as long as a request that it replays."""
    folder = shutil.copytree(models / "bench", tmp_path / "bench")
    bring(folder, [predict({"steps": np.array(10**12)}, "spin")])
    with subprocess.Popen([*start, "--port", "0", folder], stderr=subprocess.DEVNULL) as process:
        try:
            while not catches(process.pid, signal.SIGTERM):
                assert process.poll() is None
                time.sleep(0.01)
            # Into the load, or short of it.
            time.sleep(1)
            process.terminate()
            assert process.wait(timeout=30) == 0
        finally:
            process.kill()


def catches(pid: int, number: int) -> bool:
    """Tell whether a process has a handler of a signal."""
    (mask,) = re.findall(r"SigCgt:\s*(\w+)", Path(f"/proc/{pid}/status").read_text())
    return bool(int(mask, 16) >> (number - 1) & 1)


def test_zeros(counter: Path) -> None:
    with serving(counter=counter) as client:
        assert calls(client) == 1
    with serving("--warmup", counter=counter) as client:
        assert calls(client) == 2
        assert "counter, warmed up\n" in log(client)
    bring(counter, [])
    with serving("--warmup", counter=counter) as client:
        assert calls(client) == 1


@pytest.mark.parametrize("name", ["langid", "mpg", "attention"])
def test_zeros_of_every_kind(name: str, zoo: Callable[[str], Path]) -> None:
    """Strings, several inputs, unknown dimensions."""
    with serving("--warmup", **{name: zoo(name)}) as client:
        assert f"{zoo(name)}, warmed up\n" in log(client)


def test_zeros_that_the_model_refuses(tmp_path: Path) -> None:
    folder = tmp_path / "picky"
    module = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec([], tf.float32, name="x")])
    def positive(x: tf.Tensor) -> dict[str, tf.Tensor]:
        with tf.control_dependencies([tf.debugging.assert_positive(x, "too small")]):
            return {"y": x}

    tf.saved_model.save(module, str(folder), {"serving_default": positive})
    with serving("--warmup", picky=folder) as client:
        assert client.infer("picky", {"x": np.array(2, np.float32)})["y"] == 2
        assert "not warmed up, as zeros are refused: INVALID_ARGUMENT: " in log(client)
        with refused("INVALID_ARGUMENT", "too small"):
            client.infer("picky", {"x": np.array(0, np.float32)})


def test_a_model_that_a_client_loads(counter: Path) -> None:
    bring(counter, [predict(FIRST)])
    with serving("--model-control", "explicit") as client:
        client.load("counter", path=str(counter))
        assert calls(client) == 2
