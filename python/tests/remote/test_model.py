"""A model on `stele serve` does what a model in this process does."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import ml_dtypes
import numpy as np
import pytest
import stele_native

from python.tests.remote.fake import refusal
from stele import paths, savedmodel
from stele.contract.codes import Code
from stele.remote import Connection, Model

DIGITS = paths.models_dir() / "digits" / "saved_model"
DTYPES = paths.models_dir() / "dtypes" / "saved_model"


@pytest.fixture(scope="module")
def digits(server):
    with Model.connect(server, "digits") as model:
        yield model


@pytest.fixture(scope="module")
def dtypes(server):
    with Model.connect(server, "dtypes") as model:
        yield model


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(1).uniform(0, 16, (3, 8, 8, 1)).astype(np.float32)


def test_bits_are_those_in_process(digits, images) -> None:
    with stele_native.Model(DIGITS) as local:
        expected = local(image=images)
    for outputs in (
        digits(image=images),
        digits.run({"image": images}),
        digits.run([("image", images)], "serving_default"),
        digits.prepare().run({"image": images}),
        digits.prepare("serve")(image=images),
    ):
        assert outputs.keys() == expected.keys()
        assert outputs["probabilities"].tobytes() == expected["probabilities"].tobytes()


def test_signatures_are_those_of_the_folder(digits, dtypes) -> None:
    assert digits.signatures == savedmodel.load_signatures(DIGITS)
    assert dtypes.signatures == savedmodel.load_signatures(DTYPES)


def test_outputs_are_the_callers_own(dtypes) -> None:
    x = np.arange(6, dtype=np.int64)
    outputs = dtypes.run({"x": x}, "int64")
    outputs["same"][0] = 7
    assert dtypes.run({"x": x}, "int64")["same"][0] == 0


@pytest.mark.parametrize(
    ("signature", "value", "expected"),
    [
        ("fp32", [1, 2], np.array([1, 2], np.float32)),
        ("int8", [[1], [2]], np.array([[1], [2]], np.int8)),
        ("uint8", [255], np.array([255], np.uint8)),
        ("uint8", [], np.array([], np.uint8)),
        ("bytes", [], np.array([], object)),
        ("bool", [True, False], np.array([True, False])),
        ("bytes", ["ä", b"\0"], np.array(["ä".encode(), b"\0"], dtype=object)),
        ("bytes", [b"a\0", b"\0\0"], np.array([b"a\0", b"\0\0"], dtype=object)),
        ("bytes", "word", np.array(b"word", dtype=object)),
        ("bytes", np.array([b"ab", b""]), np.array([b"ab", b""], dtype=object)),
        ("int32", np.arange(3, dtype=">i4"), np.arange(3, dtype=np.int32)),
        ("fp32", np.ones((2, 3), np.float32)[:, ::2], np.ones((2, 2), np.float32)),
        ("bf16", np.ones(2, ml_dtypes.bfloat16), np.ones(2, ml_dtypes.bfloat16)),
    ],
)
def test_what_can_be_an_input(dtypes, signature, value, expected) -> None:
    same = dtypes.run({"x": value}, signature)["same"]
    assert same.dtype == expected.dtype
    assert same.shape == expected.shape
    assert same.tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("signature", "inputs", "words"),
    [
        ("int8", {"x": [300]}, 'input "x"'),
        ("int8", {"x": [1.5]}, 'input "x" has dtype FP64, expected INT8'),
        ("uint8", {"x": [256]}, 'input "x": Python integer 256 out of bounds for uint8'),
        ("fp32", {"x": [1e39]}, 'input "x": 1e+39 does not fit float32'),
        ("fp32", {"x": np.ones(1, object)}, 'input "x": holds objects (int), not numbers'),
        ("fp32", {"x": memoryview(b"a")}, 'input "x" has dtype UINT8, expected FP32'),
        ("bytes", {"x": ["\ud800"]}, "input \"x\": 'utf-8' codec can't encode"),
        ("bytes", {"x\ud800": ["a"]}, 'a name is not UTF-8: "x\\ud800"'),
        ("bytes", {"x\0": ["a"]}, 'a name or path holds a NUL: "x\\0"'),
        ("bytes", {1: ["a"]}, "a name is a string, and int is none"),
        ("bytes", {"x": [b"a", 1]}, 'input "x": element 1 is int, neither bytes nor str'),
        ("fp64", {"x": np.ones(1, np.longdouble)}, 'input "x": no dtype of the protocol is numpy'),
        ("fp32", {"x": [[1, 2], [3]]}, 'input "x"'),
        ("fp32", {}, 'input "x" of signature "fp32" is missing'),
        ("fp32", {"x": [1], "y": [1]}, 'no input "y"; signature "fp32" has "x"'),
        ("fp32", [("x", [1]), ("x", [1])], 'input "x" is given twice'),
    ],
)
def test_inputs_that_do_not_fit(dtypes, signature, inputs, words) -> None:
    error = refusal(dtypes.run, inputs, signature)
    assert error.code == Code.INVALID_ARGUMENT
    assert words in error.message


def test_inputs_without_a_name(digits, images) -> None:
    for call in (digits, digits.prepare()):
        error = refusal(call, images)
        assert error.code == Code.INVALID_ARGUMENT
        assert error.message == 'inputs are given by name; signature "serving_default" has "image"'


def test_wrong_names_cost_no_conversion(digits) -> None:
    inputs = {f"x{index}": [[1.0] * 100] for index in range(100_000)}
    started = time.process_time()  # others may have the cores
    error = refusal(digits.run, inputs)
    assert error.message == 'no input "x0"; signature "serving_default" has "image"'
    assert time.process_time() - started < 5


def test_shapes_are_refused_in_the_words_of_a_model_in_process(digits, images) -> None:
    with stele_native.Model(DIGITS) as local, pytest.raises(stele_native.SteleError) as expected:
        local(image=images[0])
    error = refusal(digits, image=images[0])
    assert (error.code, error.message) == (expected.value.code, expected.value.message)


def test_unknown_signature(digits, images) -> None:
    error = refusal(digits.run, {"image": images}, "no_such_signature")
    assert error.code == Code.NOT_FOUND
    assert error.message == (
        'no signature "no_such_signature"; this model has "serve", "serving_default"'
    )


def test_unknown_model_and_version(server) -> None:
    error = refusal(Model.connect, server, "digit")
    assert error.code == Code.NOT_FOUND
    assert error.message == 'no model "digit"; this server has "digits", "dtypes"'
    error = refusal(Model.connect, server, "digits", version="7")
    assert error.code == Code.NOT_FOUND
    assert 'no version "7"' in error.message
    assert refusal(Model.connect, server, "digits", version="new").code == Code.NOT_FOUND
    with Model.connect(server, "digits", version="1") as model:
        assert model.signatures


def test_a_load_that_fails_leaves_the_model_in_place(server, images, tmp_path) -> None:
    with Connection(server) as connection:
        connection.load("mine", DIGITS, config="inline")
        model = Model(connection, "mine")
        error = refusal(connection.load, "mine", tmp_path / "missing")
        assert error.code == Code.NOT_FOUND
        assert str(tmp_path / "missing") in error.message
        assert model(image=images)["probabilities"].shape == (3, 10)
        connection.unload("mine")
        assert refusal(connection.unload, "mine").code == Code.NOT_FOUND
        assert refusal(model, image=images).code == Code.NOT_FOUND


def test_many_threads(digits, images) -> None:
    batches = [images * np.float32(scale) for scale in range(16)]
    expected = [digits(image=batch)["probabilities"] for batch in batches]
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda batch: digits(image=batch)["probabilities"], batches * 8))
    for index, outputs in enumerate(got):
        assert outputs.tobytes() == expected[index % 16].tobytes()


def test_closed(server, images) -> None:
    with Model.connect(server, "digits") as model:
        runner = model.prepare()
    for call in (model.run, runner.run):
        error = refusal(call, {"image": images})
        assert (error.code, error.message) == (Code.FAILED_PRECONDITION, "the model is closed")
    with Connection(server) as connection:
        model = Model(connection, "digits")
        model.close()
        # The connection is not the model's to close.
        assert Model(connection, "digits")(image=images)
    assert refusal(Model, connection, "digits").code == Code.FAILED_PRECONDITION


def test_neither_tensorflow_nor_the_native_module_is_imported() -> None:
    code = (
        "import sys, stele.remote, stele.commands.predict\n"
        "print({'tensorflow', 'stele_native'} & set(sys.modules))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert printed == "set()\n"
