"""The model: signatures, ways to call it, and every refusal with its exception."""

from __future__ import annotations

import pickle
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import stele_native
from stele_native import (
    Code,
    InvalidTypeError,
    InvalidValueError,
    Model,
    NotFoundError,
    SteleError,
)

IMAGE = (np.arange(128, dtype=np.float32) % 17).reshape(2, 8, 8, 1)


def test_signatures_are_plain_read_only_data(digits: Model) -> None:
    signature = digits.signatures["serving_default"]
    (image,) = signature.inputs
    assert (image.name, image.dtype_name, image.dtype) == ("image", "FP32", np.float32)
    assert image.shape == (None, 8, 8, 1)
    assert str(image) == "image FP32 [?,8,8,1]"
    assert [str(output) for output in signature.outputs] == ["probabilities FP32 [?,10]"]
    assert pickle.loads(pickle.dumps(signature)) == signature  # noqa: S301
    assert not any(name.startswith("__saved_model_") for name in digits.signatures)
    with pytest.raises(TypeError):
        digits.signatures["more"] = signature  # type: ignore[index]
    assert "serving_default" in repr(digits)


def test_dtypes_of_signatures_are_numpys(dtypes: Model, own: Path) -> None:
    specs = {name: signature.inputs[0] for name, signature in dtypes.signatures.items()}
    assert specs["bytes"].dtype == object
    assert specs["bf16"].dtype is not None
    assert specs["bf16"].dtype.name == "bfloat16"
    assert specs["bytes"].shape is None
    assert str(specs["bytes"]) == "x BYTES ?"
    sparse = Model(own / "sparse", tags=["first", "serve"])
    with pytest.raises(SteleError, match="sparse") as caught:
        sparse.prepare()
    assert caught.value.code is Code.UNIMPLEMENTED


def test_every_way_to_call_gives_the_same_bits(digits: Model, digits_dir: Path) -> None:
    expected = digits(image=IMAGE)["probabilities"].tobytes()
    prepared = digits.prepare()
    assert prepared.signature == digits.signatures["serving_default"]
    calls = [
        digits.run({"image": IMAGE}),
        digits.run([("image", IMAGE)], signature="serving_default"),
        digits.run((pair for pair in [("image", IMAGE)]), "serve"),
        prepared(image=IMAGE),
        prepared.run({"image": IMAGE}),
        Model(str(digits_dir))(image=IMAGE),
        Model(digits_dir, profile="single")(image=IMAGE),
        Model(digits_dir, profile="python")(image=IMAGE),
        Model(digits_dir, config=b"\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")(image=IMAGE),
        Model(digits_dir, tags={"serve"})(image=IMAGE),
    ]
    for outputs in calls:
        assert outputs["probabilities"].tobytes() == expected


@pytest.mark.parametrize(
    ("inputs", "kind", "message"),
    [
        ({}, InvalidValueError, 'input "image" of signature "serving_default" is missing'),
        (
            {"img": IMAGE},
            InvalidValueError,
            'no input "img"; signature "serving_default" has "image"',
        ),
        ([("image", IMAGE), ("image", IMAGE)], InvalidValueError, 'input "image" is given twice'),
        (
            {"image": IMAGE.astype(np.float64)},
            InvalidTypeError,
            'input "image" has dtype FP64, expected FP32',
        ),
        (
            {"image": IMAGE[0]},
            InvalidValueError,
            'input "image" has shape [8,8,1], expected [?,8,8,1]',
        ),
        (
            {"image": IMAGE.reshape(2, 8, 4, 2)},
            InvalidValueError,
            'input "image" has shape [2,8,4,2], expected [?,8,8,1]',
        ),
    ],
)
def test_inputs_that_do_not_fit(
    digits: Model, inputs: object, kind: type[SteleError], message: str
) -> None:
    with pytest.raises(kind) as caught:
        digits.run(inputs)  # type: ignore[arg-type]
    error = caught.value
    assert isinstance(error, SteleError)
    assert (error.code, error.code_name) == (3, "INVALID_ARGUMENT")
    assert error.message == message
    assert str(error) == f"INVALID_ARGUMENT: {message}"


@pytest.mark.parametrize("name", ["no_such", "__saved_model_init_op"])
def test_no_such_signature(digits: Model, name: str) -> None:
    for call in (lambda: digits.run({"image": IMAGE}, name), lambda: digits.prepare(name)):
        with pytest.raises(ValueError, match="serving_default") as caught:
            call()
        assert isinstance(caught.value, SteleError)
        assert caught.value.code is Code.NOT_FOUND


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("s\ud800", 'a name is not UTF-8: "s\\ud800"'),
        ("s\0", 'a name or path holds a NUL: "s\\0"'),
        (7, "a name is a string, and int is none"),
    ],
)
def test_what_no_name_can_be(digits: Model, digits_dir: Path, name: Any, message: str) -> None:
    calls = [
        lambda: digits.run({"image": IMAGE}, name),
        lambda: digits.run({name: IMAGE}),
        lambda: digits.prepare(name),
        lambda: Model(digits_dir, tags=[name]),
    ]
    for call in calls:
        with pytest.raises((ValueError, TypeError)) as caught:
            call()
        assert isinstance(caught.value, SteleError)
        assert caught.value.code is Code.INVALID_ARGUMENT
        assert caught.value.message == message


def test_inputs_without_a_name(digits: Model) -> None:
    message = 'inputs are given by name; signature "serving_default" has "image"'
    for call in (digits, digits.prepare()):
        with pytest.raises(InvalidTypeError) as caught:
            call(IMAGE)
        assert caught.value.message == message


def test_wrong_names_cost_no_conversion(digits: Model) -> None:
    inputs = {f"x{index}": [[1.0] * 100] for index in range(100_000)}
    started = time.process_time()  # others may have the cores
    with pytest.raises(InvalidValueError, match='no input "x0"'):
        digits.run(inputs)
    assert time.process_time() - started < 2


def test_a_default_stands_for_an_input_that_is_not_given(own: Path) -> None:
    model = Model(own / "defaults")
    scale, x = model.signatures["serving_default"].inputs
    assert scale.default is not None
    assert (scale.default, x.default) == (2, None)
    assert str(x) == "x FP32 [?,2]", "the graph's shape, for the signature has none"
    assert model(x=[[1, 3]])["y"].tolist() == [[2, 6]]
    assert model(x=[[1, 3]], scale=10)["y"].tolist() == [[10, 30]]
    with pytest.raises(InvalidValueError, match=r'input "x".*is missing'):
        model(scale=1)


def test_a_missing_model_is_a_missing_file(tmp_path: Path, digits_dir: Path) -> None:
    for path in [tmp_path / "nowhere", tmp_path, digits_dir / "saved_model.pb"]:
        with pytest.raises(FileNotFoundError) as caught:
            Model(path)
        assert isinstance(caught.value, NotFoundError)
        assert caught.value.code is Code.NOT_FOUND
        assert str(path) in caught.value.message
    with pytest.raises(FileNotFoundError, match=r"\{train\}.*\{serve\}"):
        Model(digits_dir, tags=["train"])


def test_a_damaged_model_is_data_loss(tmp_path: Path, digits_dir: Path) -> None:
    shutil.copytree(digits_dir, tmp_path, dirs_exist_ok=True)
    variables = tmp_path / "variables" / "variables.data-00000-of-00001"
    variables.write_bytes(variables.read_bytes()[:1000])
    with pytest.raises(SteleError) as caught:
        Model(tmp_path)
    assert caught.value.code is Code.DATA_LOSS
    assert not isinstance(caught.value, (OSError, ValueError))
    shutil.rmtree(tmp_path / "variables")
    with pytest.raises(FileNotFoundError, match=r"variables\.index"):
        Model(tmp_path)


def test_arguments_that_are_none(digits_dir: Path) -> None:
    with pytest.raises(ValueError, match=r'"fast".*inline'):
        Model(digits_dir, profile="fast")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="hex:ff"):
        Model(digits_dir, config=b"\xff")
    with pytest.raises(ValueError, match="give one"):
        Model(digits_dir, profile="inline", config=b"")
    with pytest.raises(TypeError, match="several strings"):
        Model(digits_dir, tags="serve")
    with pytest.raises(FileNotFoundError, match="no libtensorflow at"):
        Model(digits_dir, library="/nonexistent")


def test_a_closed_model_says_so(digits_dir: Path) -> None:
    with Model(digits_dir) as model:
        runner = model.prepare()
        assert model(image=IMAGE)
    for use in (lambda: model(image=IMAGE), model.prepare, lambda: model.run({})):
        with pytest.raises(SteleError, match="closed") as caught:
            use()
        assert caught.value.code is Code.FAILED_PRECONDITION
    model.close()
    assert runner(image=IMAGE), "a runner keeps the model alive"


def test_what_tensorflow_refuses_keeps_its_message(state: Model) -> None:
    with pytest.raises(ValueError, match="x must be positive") as caught:
        state.run({"x": np.array([-1], np.float32)}, "fail")
    assert isinstance(caught.value, SteleError)
    assert state.run({"x": np.array([4], np.float32)}, "fail")["root"] == 2


def test_errors_survive_a_process_border(digits: Model) -> None:
    with pytest.raises(InvalidTypeError) as caught:
        digits(image=IMAGE.astype(int))
    copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert type(copy) is InvalidTypeError
    assert (str(copy), copy.code) == (str(caught.value), caught.value.code)
    assert str(NotFoundError("gone", 5)) == "NOT_FOUND: gone"


def test_versions() -> None:
    assert stele_native.tensorflow_version().startswith("2.")
    assert stele_native.__version__ == "0.1.0"
