"""Conversions, held against TensorFlow's answers by runtimes that are not stele's."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from stele import cli, paths
from stele.contract.bundle import RawTensor
from stele.contract.codes import Code, SteleError
from stele.contract.signature import TensorSpec
from stele.convert import conversion, messages, process, tensorflowjs
from stele.convert.formats import FORMATS
from stele.convert.manifest import MANIFEST
from stele.convert.request import Request
from stele.parity.case import Target
from stele.parity.compare import Distance, compare
from tests.odd_models.folders import folder_of

RUN = Path(__file__).with_name("run_litert.py")
CASES = {"serving_default": 0, "Wörter/2": 1, "every dtype": 2}


@pytest.fixture(scope="module")
def made():
    return folder_of("convertible")


@pytest.fixture(scope="module")
def model(made):
    return Target("convertible", made / "model")


@pytest.fixture(scope="module")
def onnx(model, tmp_path_factory):
    """The model in ONNX: its folder and manifest."""
    out = tmp_path_factory.mktemp("onnx") / "model"
    return conversion.convert(Request(model, FORMATS["onnx"]), out)


@pytest.fixture
def copy(made, tmp_path):
    return Target("copy", Path(shutil.copytree(made / "model", tmp_path / "copy")))


@pytest.fixture
def no_converter(monkeypatch):
    """Fail a test in which a converter starts."""

    def start(*_):
        pytest.fail("a converter was started")

    monkeypatch.setattr(process, "convert", start)


def run_litert(*arguments):
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run([sys.executable, RUN, *arguments], check=True, env=environment)


def case(made, signature):
    with np.load(made / f"{CASES[signature]}-in.npz") as arrays:
        inputs = dict(arrays)
    with np.load(made / f"{CASES[signature]}-out.npz") as arrays:
        return inputs, dict(arrays)


def ended(request, **options):
    """Return the problem of a conversion's only signature."""
    _, manifest = conversion.convert(request, **options)
    return manifest["signatures"][request.signature]["problem"]


def distance_of(name, expected, got) -> Distance:
    raw = (RawTensor.of(np.asarray(array)) for array in (expected, got))
    return compare(name, *raw, same_class=False)


# --- ONNX ---------------------------------------------------------------------


@pytest.mark.parametrize("signature", CASES)
def test_onnx_answers_as_tensorflow_does(made, onnx, signature):
    folder, manifest = onnx
    entry = manifest["signatures"][signature]
    assert entry["problem"] == ""
    session = onnxruntime.InferenceSession(folder / entry["file"])
    inputs, expected = case(made, signature)
    names = list(expected)
    for name, got in zip(names, session.run(names, inputs), strict=True):
        if expected[name].dtype.kind == "U":
            assert got.tolist() == expected[name].tolist()
        else:
            distance = distance_of(name, expected[name], got)
            assert distance.problem == ""


@pytest.mark.parametrize("batch", [0, 1, 7])
def test_onnx_keeps_the_batch_unknown(onnx, batch):
    folder, manifest = onnx
    file = manifest["signatures"]["serving_default"]["file"]
    session = onnxruntime.InferenceSession(folder / file)
    (got,) = session.run(None, {"image": np.ones((batch, 8, 8, 1), np.float32)})
    assert got.shape == (batch, 10)


def test_a_manifest_says_what_the_signature_says(onnx):
    _, manifest = onnx
    entry = manifest["signatures"]["Wörter/2"]
    assert [(spec["name"], spec["dtype"], spec["shape"]) for spec in entry["inputs"]] == [
        ("a", "FP32", [2, None]),
        ("b", "INT64", [None, 3]),
    ]
    assert [spec["name"] for spec in entry["outputs"]] == ["größe/日本", "two words"]
    assert manifest["versions"].keys() == {"tensorflow", "tf2onnx", "onnx"}
    assert entry["bytes"] > 0


def test_each_signature_has_a_file_of_its_own(onnx):
    folder, manifest = onnx
    files = [entry["file"] for entry in manifest["signatures"].values() if entry["file"]]
    assert len({file.lower() for file in files}) == len(files) == 6
    assert all((folder / file).is_file() and file.isascii() for file in files)


@pytest.mark.parametrize(
    ("signature", "words"),
    [
        ("strings", ["UnicodeDecode"]),
        ("bfloat", ["BF16", '"x"']),
        ("same_name", ["name of an input", '"x"']),
    ],
)
def test_what_cannot_be_converted_says_why(onnx, signature, words):
    entry = onnx[1]["signatures"][signature]
    assert entry["file"] == ""
    assert all(word in entry["problem"] for word in words), entry["problem"]


# --- LiteRT and TensorFlow.js -------------------------------------------------


def test_litert_answers_as_tensorflow_does_at_a_fixed_batch(made, model, tmp_path):
    request = Request(model, FORMATS["litert"], "serving_default", batch=3)
    folder, manifest = conversion.convert(request, tmp_path / "out")
    entry = manifest["signatures"]["serving_default"]
    assert entry["inputs"][0]["shape"] == [None, 8, 8, 1]
    assert manifest["batch"] == 3
    got = tmp_path / "got.npz"
    run_litert(folder / entry["file"], "serving_default", made / "0-in.npz", got)
    _, expected = case(made, "serving_default")
    with np.load(got) as arrays:
        probabilities = arrays["probabilities"]
    assert distance_of("probabilities", expected["probabilities"], probabilities).problem == ""


def test_litert_names_the_ops_that_it_has_not(model, tmp_path):
    problem = ended(Request(model, FORMATS["litert"], "strings"), out=tmp_path / "out")
    assert "StringLower" in problem


# As TensorFlow 2.21 says it of a GRU.
_GRU = (
    '<unknown>:0: error: loc(callsite(fused["TensorListReserve:", "gru_1/TensorArrayV2_1"] at '
    'fused["StatefulPartitionedCall:", "StatefulPartitionedCall"])): \'tf.TensorListReserve\' op '
    "requires element_shape to be static during TF Lite transformation pass\n"
    "<unknown>:0: note: called from\n"
)


def test_converters_message_is_cut_to_what_it_says():
    message = "'tf.TensorListReserve' op requires element_shape to be static"
    assert messages.useful_line(_GRU).startswith(message)
    assert messages.useful_line("\n\nerror: no such op\nmore") == "no such op"
    assert messages.useful_line(" \n") == "no message"


def test_recurrent_layer_to_litert_is_told_what_to_do(model, tmp_path):
    problem = ended(Request(model, FORMATS["litert"], "recurrent"), out=tmp_path / "out")
    assert "unroll=True" in problem


@pytest.mark.usefixtures("no_converter")
def test_litert_has_no_unknown_rank(model, tmp_path):
    problem = ended(Request(model, FORMATS["litert"], "any_rank"), out=tmp_path / "out")
    assert "unknown rank" in problem


def test_tfjs_writes_a_graph_model_and_names_ops(model, tmp_path):
    try:
        tensorflowjs.find()
    except SteleError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(error.message)
    request = Request(model, FORMATS["tfjs"], "serving_default")
    folder, manifest = conversion.convert(request, tmp_path / "out")
    file = manifest["signatures"]["serving_default"]["file"]
    written = json.loads((folder / file).read_text())
    assert written["signature"]["inputs"].keys() == {"image"}
    assert written["signature"]["outputs"].keys() == {"probabilities"}
    problem = ended(Request(model, FORMATS["tfjs"], "strings"), out=tmp_path / "strings")
    assert "UnicodeDecode" in problem


@pytest.mark.usefixtures("no_converter")
def test_tfjs_has_no_int64(model, tmp_path, monkeypatch):
    monkeypatch.setattr(tensorflowjs, "find", lambda: tensorflowjs.Package(tmp_path, "4.22.0"))
    problem = ended(Request(model, FORMATS["tfjs"], "Wörter/2"), out=tmp_path / "out")
    assert "INT64" in problem
    assert '"b"' in problem


def test_tfjs_says_how_to_get_its_converter(model, tmp_path, monkeypatch):
    monkeypatch.setenv("STELE_BUILD", str(tmp_path))
    with pytest.raises(SteleError, match="make -C bindings/js/web converter") as caught:
        conversion.convert(Request(model, FORMATS["tfjs"]), tmp_path / "out")
    assert caught.value.code is Code.FAILED_PRECONDITION


# --- the folder ---------------------------------------------------------------


def test_a_conversion_is_found_again(model, tmp_path, monkeypatch, request):
    monkeypatch.setenv("STELE_BUILD", str(tmp_path))
    asked = Request(model, FORMATS["onnx"], "serving_default")
    first, manifest = conversion.convert(asked)
    assert first.parent == tmp_path / "converted"
    request.getfixturevalue("no_converter")
    assert conversion.convert(asked) == (first, manifest)


@pytest.mark.parametrize("change", ["saved_model.pb", "variables", "tags", "batch", "format"])
def test_all_that_decides_is_in_the_fingerprint(copy, tmp_path, monkeypatch, change):
    monkeypatch.setattr(process, "convert", lambda *_: iter(()))
    asked = Request(copy, FORMATS["onnx"], "serving_default")
    _, before = conversion.convert(asked, tmp_path / "before")
    if change == "saved_model.pb":
        # An unknown field: another file that is the same model.
        with (copy.folder / change).open("ab") as file:
            file.write(b"\x7a\x00")
    elif change == "variables":
        data = min((copy.folder / change).glob("variables.data*"))
        data.write_bytes(data.read_bytes()[:-1] + b"x")
    elif change == "batch":
        asked = Request(copy, FORMATS["onnx"], "serving_default", batch=1)
    elif change == "format":
        asked = Request(copy, FORMATS["litert"], "serving_default")
    else:
        asked = Request(Target("copy", copy.folder, ("serve",)), FORMATS["onnx"])
    _, after = conversion.convert(asked, tmp_path / "after")
    assert before["fingerprint"] != after["fingerprint"]


@pytest.mark.usefixtures("no_converter")
def test_a_folder_that_is_no_conversion_stays(model, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(SteleError) as caught:
        conversion.convert(Request(model, FORMATS["onnx"]), tmp_path)
    assert caught.value.code is Code.ALREADY_EXISTS
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.tex"]


# --- models that do not load --------------------------------------------------


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (shutil.rmtree, Code.NOT_FOUND),
        (lambda folder: (folder / "saved_model.pb").write_bytes(b"\x12\xff"), Code.DATA_LOSS),
        (lambda folder: (folder / "variables" / "variables.index").unlink(), Code.NOT_FOUND),
        (lambda folder: os.truncate(folder / "variables" / "variables.index", 20), Code.DATA_LOSS),
        (lambda folder: min(folder.glob("variables/*data*")).unlink(), Code.NOT_FOUND),
        (lambda folder: os.truncate(min(folder.glob("variables/*data*")), 20), Code.DATA_LOSS),
    ],
)
@pytest.mark.usefixtures("no_converter")
def test_damage_has_the_code_of_a_load(copy, tmp_path, damage, code):
    damage(copy.folder)
    with pytest.raises(SteleError) as caught:
        conversion.convert(Request(copy, FORMATS["onnx"]), tmp_path / "out")
    assert caught.value.code is code
    assert not (tmp_path / "out").exists()


def test_what_tensorflow_2_does_not_load_is_explained(tmp_path):
    unshaped = Target("defaults", folder_of("shared") / "defaults")
    with pytest.raises(SteleError, match=r"no tensor_shape .*build_tensor_info") as caught:
        conversion.convert(Request(unshaped, FORMATS["litert"]), tmp_path / "out")
    assert caught.value.code is Code.UNIMPLEMENTED


def test_what_tensorflow_finds_damaged_is_said(copy, tmp_path):
    data = min(copy.folder.glob("variables/*data*"))
    data.write_bytes(b"\xff" + data.read_bytes()[1:])
    with pytest.raises(SteleError) as caught:
        conversion.convert(Request(copy, FORMATS["onnx"], "serving_default"), tmp_path / "out")
    assert caught.value.code is Code.DATA_LOSS


# --- a converter that breaks off ----------------------------------------------


@pytest.mark.parametrize(
    ("script", "words"),
    [("kill -ABRT $$", "died of SIGABRT"), ("exit 7", "exited with status 7")],
)
def test_a_converter_that_dies_converts_nothing(model, tmp_path, monkeypatch, script, words):
    fake = tmp_path / "python"
    fake.write_text(f"#!/bin/sh\ncat > {os.devnull}\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setattr(process.sys, "executable", str(fake))
    _, manifest = conversion.convert(Request(model, FORMATS["onnx"]), tmp_path / "out")
    names = ("any_rank", "every dtype", "serving default", "serving_default", "strings")
    tried = [manifest["signatures"][name] for name in names]
    assert all(words in entry["problem"] for entry in tried)


# --- the command --------------------------------------------------------------


def test_the_command_is_quiet_and_says_what_was_not_converted(model, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "stele.cli", "convert", str(model.folder), "--to", "onnx",
         "--out", str(tmp_path / "out")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == ""
    assert "converted serving_default: serving_default.onnx" in done.stdout
    assert "not converted bfloat: ONNX has no BF16" in done.stdout
    assert (tmp_path / "out" / MANIFEST).exists()


def test_json_has_the_folder_and_the_manifest(onnx, model, capsys):
    folder, manifest = onnx
    arguments = ["convert", str(model.folder), "--to", "onnx", "--out", str(folder), "--json"]
    assert cli.main(arguments) == 1
    printed = json.loads(capsys.readouterr().out)
    # The name is the folder's when it comes from the command line.
    assert printed == {"folder": str(folder), **manifest}


def test_errors_are_json_too(tmp_path, capsys):
    assert cli.main(["convert", str(tmp_path / "gone"), "--to", "onnx", "--json"]) == 3
    printed = json.loads(capsys.readouterr().out)
    assert printed["error"]["code"] == "NOT_FOUND"
    assert "gone" in printed["error"]["message"]


@pytest.mark.usefixtures("no_converter")
def test_the_only_signature_asked_for_is_an_error(model, tmp_path, capsys):
    arguments = ["convert", str(model.folder), "--to", "onnx", "--signature", "bfloat"]
    assert cli.main([*arguments, "--out", str(tmp_path / "out")]) == 3
    assert "UNIMPLEMENTED" in capsys.readouterr().err


def test_a_converted_model_has_no_default_of_an_input():
    file = paths.bindings_dir() / "python" / "converted" / "worker.py"
    spec = importlib.util.spec_from_file_location("converted_worker", file)
    converted = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(converted)
    specs = [TensorSpec(name, 1, (), f"{name}:0", name == "factor") for name in ("factor", "x")]
    x, factor = np.zeros((), np.float32), np.ones((), np.float32)
    inputs = converted._in_order(specs, {"x": x, "factor": factor})
    assert list(inputs) == ["factor", "x"]
    with pytest.raises(converted.worker.Unsupported, match='no default of input "factor"'):
        converted._in_order(specs, {"x": x})
