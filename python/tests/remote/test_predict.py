"""`stele predict`, in this process and on a server."""

from __future__ import annotations

import json

import ml_dtypes
import numpy as np
import pytest

from stele import cli, paths
from stele.contract import npz
from stele.contract.codes import SteleError


@pytest.fixture
def images(tmp_path):
    file = tmp_path / "images.npz"
    np.savez(file, image=np.random.default_rng(1).uniform(0, 16, (2, 8, 8, 1)).astype(np.float32))
    return str(file)


def predicted(capsys, *arguments: str) -> str:
    assert cli.main(["predict", *arguments]) == 0
    return capsys.readouterr().out


def refused(capsys, status: int, *arguments: str) -> str:
    try:
        got = cli.main(["predict", *arguments])
    except SystemExit as end:
        got = end.code
    assert got == status
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err


def test_the_same_here_and_on_a_server(server, images, tmp_path, capsys) -> None:
    here, there = tmp_path / "here.npz", tmp_path / "there.npz"
    local = predicted(capsys, "digits", "--inputs", images, "--out", str(here))
    remote = predicted(
        capsys, "--remote", server, "digits", "--inputs", images, "--out", str(there),
        "--deadline", "60",
    )  # fmt: skip
    assert local == remote
    assert local.startswith("probabilities  FP32 [2,10]\n  [[")
    (name, expected), *others = npz.read(here).items()
    assert (name, others) == ("probabilities", [])
    assert npz.read(there)["probabilities"].tobytes() == expected.tobytes()
    folder = str(paths.models_dir() / "digits" / "saved_model")
    assert predicted(capsys, folder, "--inputs", images, "--signature", "serve") == local


def test_json(server, tmp_path, capsys) -> None:
    file = tmp_path / "x.npz"
    np.savez(file, x=np.array([np.nan, -np.inf, np.inf, 0.5], np.float32))
    options = ["--remote", server, "dtypes", "--inputs", str(file), "--json"]
    printed = json.loads(predicted(capsys, *options, "--signature", "fp32"))
    assert printed["signature"] == "fp32"
    same = printed["outputs"]["same"]
    assert same == {"dtype": "FP32", "shape": [4], "data": ["NaN", "-Infinity", "Infinity", 0.5]}
    assert printed["outputs"]["shape"]["data"] == [4]
    for signature, x, data in (
        ("bytes", np.array([b"\xc3\xa4", b"\xff"]), ["ä", {"b64": "/w=="}]),
        ("bf16", np.array([1.5], ml_dtypes.bfloat16), [1.5]),
        ("c64", np.array([1 - 2j], np.complex64), [[1.0, -2.0]]),
        ("bool", np.array(True), True),
    ):
        np.savez(file, x=x)
        printed = json.loads(predicted(capsys, *options, "--signature", signature))
        assert printed["outputs"]["same"]["data"] == data


def test_text_is_shown_as_text_and_never_steers_the_terminal(server, tmp_path, capsys) -> None:
    file = tmp_path / "x.npz"
    np.savez(file, x=np.array([b"\xc3\xa4", b"\x1b[2J", b"\xff"]))
    options = ["--remote", server, "dtypes", "--inputs", str(file), "--signature", "bytes"]
    printed = predicted(capsys, *options)
    assert "['ä' '\\x1b[2J' b'\\xff']" in printed
    assert "\x1b[2J" not in printed


@pytest.mark.parametrize(
    ("status", "arguments", "words"),
    [
        (3, ["no-such-model"], "neither a zoo model"),
        (3, ["digits", "--signature", "nope"], 'NOT_FOUND: no signature "nope"'),
        (3, ["digits", "--remote", "127.0.0.1:1"], "UNAVAILABLE: no answer from 127.0.0.1:1"),
        (3, ["digits", "--remote", "127.0.0.1:1", "--tls-ca", "/missing"], 'NOT_FOUND: "/missing"'),
        (2, ["digits", "--deadline", "1"], "--deadline and --tls-ca are for --remote"),
    ],
)
def test_what_cannot_be_run(images, capsys, status, arguments, words) -> None:
    errors = refused(capsys, status, *arguments, "--inputs", images)
    assert words in errors
    assert "Traceback" not in errors


def test_files_that_cannot_be_used(tmp_path, capsys) -> None:
    text, pickled = tmp_path / "text", tmp_path / "pickled.npz"
    text.write_text("not arrays")
    np.savez(pickled, image=np.array([None], dtype=object))
    for file, words in (
        (tmp_path / "missing.npz", "NOT_FOUND"),
        (text, "is no .npz file"),
        (pickled, "INVALID_ARGUMENT"),
    ):
        errors = refused(capsys, 3, "digits", "--inputs", str(file))
        assert words in errors
        assert str(file) in errors


def test_npz_files_keep_every_dtype_and_name(tmp_path) -> None:
    file = tmp_path / "any name"
    tensors = {
        "file": np.arange(3, dtype=np.uint64),
        "a/b:c": np.array([1.5, -0.0], ml_dtypes.bfloat16),
        "scalar": np.array(1 + 2j, np.complex128),
        "words": np.array([[b"", b"\0a"]], dtype=object),
        "no words": np.empty((0, 2), dtype=object),
    }
    npz.write(file, tensors)
    found = npz.read(file)
    assert found.keys() == tensors.keys()
    for name, array in tensors.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        assert found[name].tolist() == array.tolist()
    with pytest.raises(SteleError, match="end with a NUL"):
        npz.write(file, {"words": np.array([b"a\0"], dtype=object)})
