"""Programs that are written for a model, as far as no toolchain is needed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from stele import cli
from stele._proto import saved_model_pb2 as pb
from stele.contract.codes import Code, SteleError
from stele.contract.dtypes import BY_NAME
from stele.contract.signature import Signature, TensorSpec
from stele.parity.expected import Expected, Text
from stele.snippet import literals, values

BINDING = """\
[[binding]]
id = "mine"
language = "Mine 1"
summary = "a language of my own"
level = 1
run = ["false"]
upstream = ""
licence = "Apache-2.0"

[binding.snippet]
template = "{folder}/mine.jinja"
program = "program.mine"
setup = ["get {root}/mine"]
build = ["make program"]
run = "./program {model}"
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the template of a binding outside of the checkout."""
    folder = tmp_path / "bindings" / "mine"
    folder.mkdir(parents=True)
    (folder / "binding.toml").write_text(BINDING)
    monkeypatch.setenv("STELE_BINDINGS", str(folder.parent))
    return folder / "mine.jinja"


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """Return a SavedModel that says what it takes, and holds nothing else."""
    saved = pb.SavedModel()
    graph = saved.meta_graphs.add()
    graph.meta_info_def.tags.append("serve")
    for name in ("serve", "serving_default"):
        info = graph.signature_def[name].inputs["image"]
        info.name, info.dtype = "image:0", BY_NAME["FP32"].number
        for size in (-1, 8, 8, 1):
            info.tensor_shape.dim.add().size = size
    folder = tmp_path / "digits"
    folder.mkdir()
    (folder / "saved_model.pb").write_bytes(saved.SerializeToString())
    return folder


def signature(*inputs: tuple[str, str, tuple[int | None, ...] | None]) -> Signature:
    specs = [TensorSpec(name, BY_NAME[dtype].number, shape, "x:0") for name, dtype, shape in inputs]
    return Signature("serving_default", tuple(specs), (), "")


def test_numbers_are_short_and_those_of_large_inputs_are_zero() -> None:
    given = signature(
        ("large", "FP32", (None, 8, 8, 1)), ("small", "BF16", (None, 3)), ("z", "C64", (2,))
    )
    made = values.inputs("m", given)
    assert made["large"].shape == (1, 8, 8, 1)
    assert not made["large"].any()
    for name in ("small", "z"):
        parts = made[name].astype(np.complex128)
        assert parts.any()
        assert (parts * 8 == np.round(parts * 8)).all()


def test_words_are_plain_and_what_a_graph_decodes_is_not_a_word() -> None:
    made = values.inputs("m", signature(("text", "BYTES", (None,))))
    assert literals.is_plain(made["text"][0])
    picture = Expected(text=Text.PNG)
    made = values.inputs("m", signature(("text", "BYTES", (None,))), {"text": picture})
    assert made["text"][0].startswith(b"\x89PNG")


def test_literals() -> None:
    assert literals.text('a"b\\c\n$') == 'a\\"b\\\\c\\n$'
    assert literals.text("$x", "$") == "\\$x"
    with pytest.raises(SteleError, match=r"U\+001B") as refused:
        literals.text("\x1b")
    assert refused.value.code is Code.UNIMPLEMENTED
    assert literals.octets(b'a"\xff?', "\\%03o", "?") == "a\\042\\377\\077"
    assert literals.plain(b'a"') == "a\\x22"
    with pytest.raises(SteleError, match="text") as refused:
        literals.plain(b"\xff")
    assert refused.value.code is Code.UNIMPLEMENTED
    assert literals.bits(1.0, "BF16") == 0x3F80
    assert literals.bits(1.0, "FP16") == 0x3C00


def test_a_template_is_filled(mine: Path, digits: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine.write_text(
        "{% for line in about %}\n# {{ line }}\n{% endfor %}\nrun {{ inputs[0].shape }}\n"
    )
    assert cli.main(["snippet", str(digits), "--binding", "mine"]) == 0
    printed = capsys.readouterr().out
    assert "#   input image FP32 [?,8,8,1]\n" in printed
    assert f"#   ./program {digits}\n" in printed
    assert printed.endswith("run (1, 8, 8, 1)\n")

    assert cli.main(["snippet", str(digits), "--binding", "mine", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["program"] == printed
    assert record["file"] == "program.mine"
    assert record["run"] == f"./program {digits}"


def test_commands_name_the_signature_and_the_keras_model(
    mine: Path, digits: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine.touch()
    commands = BINDING.replace("make program", "make {signature}").replace("{model}", "{keras}")
    (mine.parent / "binding.toml").write_text(commands)
    (digits.parent / "model.keras").touch()
    assert cli.main(["snippet", str(digits), "--binding", "mine", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["build"] == ["make serving_default"]
    assert record["run"] == f"./program {digits.parent / 'model.keras'}"


def test_it_is_written_to_a_file(
    mine: Path, digits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine.write_text("hello")
    arguments = ["snippet", str(digits), "--binding", "mine", "--out"]
    assert cli.main([*arguments, str(tmp_path / "p")]) == 0
    assert (tmp_path / "p").read_text() == "hello"
    assert capsys.readouterr().out.splitlines()[-2:] == ["make program", f"./program {digits}"]
    assert cli.main([*arguments, str(tmp_path / "none" / "p")]) == 3


def test_bindings_that_have_one_are_listed(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine.touch()
    assert cli.main(["snippet", "--list"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert "mine" in listed
    assert "rust-tensorflow" not in listed


@pytest.mark.parametrize(
    ("template", "arguments", "message"),
    [
        ("", ["--signature", "none"], 'NOT_FOUND: no signature "none"; this model has'),
        ("{{ types[inputs[0].dtype] }}", [], 'UNIMPLEMENTED: the snippet of "mine" cannot write'),
        ("{% if %}", [], "INTERNAL: "),
        ("", ["--binding", "rust-tensorflow"], 'UNIMPLEMENTED: binding "rust-tensorflow" has no'),
        ("", ["--binding", "python-keras"], 'UNIMPLEMENTED: "digits" is a SavedModel without'),
        (
            "",
            ["--binding", "python-keras", "--signature", "serve"],
            'UNIMPLEMENTED: signature "serve" of a Keras model',
        ),
    ],
)
def test_what_cannot_be_written_is_refused(
    mine: Path,
    digits: Path,
    template: str,
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    mine.write_text(template)
    assert cli.main(["snippet", str(digits), "--binding", "mine", *arguments]) == 3
    assert message in capsys.readouterr().err
