from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from stele._proto import graph_pb2, saved_model_pb2
from stele.cli import main
from stele.commands.inspect import show
from stele.contract.codes import Code, SteleError
from stele.savedmodel import effects
from stele.savedmodel.graph import Graph
from stele.savedmodel.inspection import Inspection, as_json, inspect
from stele.savedmodel.variables import Variable

MODELS = ["plain", "random", "examples", "tf1", "odd"]

FINDINGS = {
    "plain": [],
    "random": ["random"],
    "examples": ["takes-examples"],
    "tf1": ["python-word", "reference-variables", "takes-examples"],
    "odd": ["tags", "no-plain-tensor", "unfed-placeholder", "unnamed-dtype", "unnamed-dtype"],
}


@pytest.fixture
def plain(made, tmp_path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(made.folder / "plain", tmp_path / "plain"))


def kinds(folder: Path, *, fatal: bool = False) -> list[str]:
    return [entry.kind for entry in inspect(folder).findings if entry.fatal or not fatal]


@pytest.mark.parametrize("name", MODELS)
def test_signatures_are_tensorflows(made, name):
    found = inspect(made.folder / name)
    expected = made.expected["models"][name]["meta_graphs"]
    assert [
        {
            "tags": list(graph.tags),
            "version": graph.tensorflow_version,
            "git": graph.tensorflow_git_version,
            "signatures": {
                key: {
                    "method": signature.method,
                    "inputs": [specification(spec) for spec in signature.inputs],
                    "outputs": [specification(spec) for spec in signature.outputs],
                }
                for key, signature in graph.signatures.items()
            },
        }
        for graph in found.meta_graphs
    ] == [
        {key: graph[key] for key in ("tags", "version", "git", "signatures")} for graph in expected
    ]


def specification(spec):
    shape = None if spec.shape is None else [-1 if dim is None else dim for dim in spec.shape]
    return [spec.name, spec.number, shape, spec.ref]


@pytest.mark.parametrize("name", MODELS)
def test_ops_are_tensorflows(made, name):
    found = inspect(made.folder / name)
    for graph, expected in zip(
        found.meta_graphs, made.expected["models"][name]["meta_graphs"], strict=True
    ):
        assert graph.graph_ops == expected["graph"]
        assert graph.function_ops == expected["functions"]


@pytest.mark.parametrize("name", MODELS)
def test_findings(made, name):
    assert sorted(kinds(made.folder / name)) == sorted(FINDINGS[name])


def test_findings_name_the_signature(made):
    (random,) = inspect(made.folder / "random").findings
    assert '"draws"' in random.message
    assert "StatelessRandomUniformV2" in random.message
    (examples,) = inspect(made.folder / "examples").findings
    assert '"parse": input "serialized"' in examples.message
    unfed = [f for f in inspect(made.folder / "odd").findings if f.kind == "unfed-placeholder"]
    assert '"unfed" needs a value for "forgotten"' in unfed[0].message


# Named like random ops, and not: helpers, gradients, input pipelines, queues.
NOT_RANDOM = {
    "AnonymousRandomSeedGenerator", "DeleteRandomSeedGenerator", "DummySeedGenerator",
    "ExperimentalRandomDataset", "RandomDataset", "RandomDatasetV2", "RandomGammaGrad",
    "RandomIndexShuffle", "RandomShuffleQueue", "RandomShuffleQueueV2",
    "StatelessRandomGetAlg", "StatelessRandomGetKeyCounter", "StatelessRandomGetKeyCounterAlg",
}  # fmt: skip


def test_random_ops_are_those_of_the_registry(made):
    ops = made.expected["ops"]
    looks = {
        op for op in ops if re.search("Random|Multinomial|Normal$|^State(ful|less)|Sampler", op)
    }
    looks -= {op for op in ops if re.match("State(ful|less)(Partitioned|While|If|Case)", op)}
    looks |= {
        "StatefulStandardNormalV2",
        "StatelessTruncatedNormalV2",
        "SampleDistortedBoundingBox",
    }
    random = {op for op in ops if effects.RANDOM_OP.fullmatch(op)}
    assert looks - random - NOT_RANDOM == set()
    assert {"RandomUniform", "StatelessShuffle", "XlaRngBitGenerator", "Multinomial"} <= random
    assert len(random) > 40


def test_files_and_assets(made):
    found = inspect(made.folder / "plain")
    files = {path for path in found.folder.rglob("*") if path.is_file()}
    assert {found.folder / file.path for file in found.files} == files
    assert found.nbytes == sum(path.stat().st_size for path in files)
    assert [(file.path, file.nbytes) for file in found.assets] == [("assets/words.txt", 8)]


def test_one_set_of_tags(made):
    assert [graph.tags for graph in inspect(made.folder / "tf1").meta_graphs] == [
        ("serve",),
        ("gpu", "serve"),
    ]
    found = inspect(made.folder / "tf1", frozenset({"gpu", "serve"}))
    assert [graph.tags for graph in found.meta_graphs] == [("gpu", "serve")]
    with pytest.raises(SteleError, match=r"\{gpu\}.*\{serve\}, \{gpu,serve\}") as caught:
        inspect(made.folder / "tf1", frozenset({"gpu"}))
    assert caught.value.code == Code.NOT_FOUND


def test_missing_variables(plain, capsys):
    shutil.rmtree(plain / "variables")
    assert kinds(plain, fatal=True) == ["variables-missing"]
    assert main(["inspect", str(plain)]) == 3
    assert str(plain / "variables" / "variables.index") in capsys.readouterr().out


def test_a_model_without_variables_misses_none(made):
    assert inspect(made.folder / "odd").variables is None


def test_damaged_variables(plain):
    data = plain / "variables" / "variables.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:-1])
    assert kinds(plain) == ["variables-damaged"]
    # What can be read is still shown.
    assert len(inspect(plain).variables) == 6
    data.unlink()
    assert kinds(plain) == ["variables-missing"]
    (plain / "variables" / "variables.index").write_bytes(b"damaged")
    assert kinds(plain) == ["variables-damaged"]
    assert inspect(plain).variables is None


def test_missing_asset(plain):
    (plain / "assets" / "words.txt").unlink()
    (finding,) = inspect(plain).findings
    assert (finding.kind, finding.fatal) == ("asset-missing", True)
    assert "words.txt" in finding.message


def test_missing_asset_that_nothing_reads(plain):
    file = plain / "saved_model.pb"
    model = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    asset = graph_pb2.AssetFileDef(filename="unread.txt", tensor_info={"name": "nobody:0"})
    details = graph_pb2.MetaGraphDetails(asset_file_def=[asset])
    model.meta_graphs[0].MergeFromString(details.SerializeToString())
    file.write_bytes(model.SerializeToString())
    (finding,) = inspect(plain).findings
    assert (finding.kind, finding.fatal) == ("asset-unread", False)
    assert "unread.txt" in finding.message
    assert main(["inspect", str(plain)]) == 0


def test_no_model(tmp_path, capsys):
    assert main(["inspect", str(tmp_path / "nowhere")]) == 3
    assert "NOT_FOUND" in capsys.readouterr().err


def test_every_truncation_of_the_model_is_an_error_or_a_model(plain):
    """A prefix of protobuf can be a valid message; it must never be an exception."""
    file = plain / "saved_model.pb"
    data = file.read_bytes()
    for length in range(0, len(data), 997):
        file.write_bytes(data[:length])
        with pytest.raises(SteleError) as caught:
            inspect(plain)
        assert caught.value.code == Code.DATA_LOSS


def test_a_damaged_graph():
    with pytest.raises(ValueError, match="damaged"):
        Graph(b"\x0a\xff\xff\xff\xff\x0f")


def test_json_is_complete(made, capsys):
    assert main(["inspect", str(made.folder / "plain"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == as_json(inspect(made.folder / "plain"))
    assert list(found) == [
        "folder", "bytes", "files", "assets", "meta_graphs", "variables", "variables_bytes",
        "findings",
    ]  # fmt: skip
    (graph,) = found["meta_graphs"]
    assert graph["signatures"][1]["inputs"] == [
        {"name": "steps", "dtype": "INT64", "shape": None, "tensor": "serving_default_steps:0"},
        {"name": "x", "dtype": "FP32", "shape": [-1, 3], "tensor": "serving_default_x:0"},
    ]
    assert {
        "key": "layers/1/.ATTRIBUTES/VARIABLE_VALUE",
        "name": "layer1/kernel",
        "dtype": "FP32",
        "shape": [3, 2],
        "bytes": 24,
    } in found["variables"]
    assert found["variables_bytes"] == 24 * 3 + 10 + 12 + 1


@pytest.mark.parametrize("name", MODELS)
def test_text_names_everything(made, name, capsys):
    found = inspect(made.folder / name)
    show(found, all_ops=True, all_variables=True)
    text = capsys.readouterr().out
    for graph in found.meta_graphs:
        for op in graph.graph_ops + graph.function_ops:
            assert f"  {op} " in text
        for signature in graph.signatures.values():
            for spec in (*signature.inputs, *signature.outputs):
                assert f"  {spec.name} " in text
                assert spec.ref in text
    for entry in found.variables or ():
        assert f"  {entry.name or entry.key} " in text
    for entry in found.findings:
        assert entry.message.replace("\x1b", "\\x1b") in text
        assert entry.remedy in text
    # A model's names cannot steer the terminal.
    assert "\x1b" not in text


def test_text_fits_a_terminal(made, capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    for name in MODELS:
        show(inspect(made.folder / name), all_ops=True, all_variables=True)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
    assert max(map(len, lines)) <= 80


def test_lists_of_ops_break_between_ops(made, capsys):
    show(inspect(made.folder / "plain"))
    (start,) = re.findall(r"nodes: .*\n((?:  .*\n)+)", capsys.readouterr().out)
    lines = [line.strip() for line in start.splitlines()]
    assert len(lines) > 1
    assert all(re.fullmatch(r"(\w+ \d+,? ?)+|.*--ops lists all\)", line) for line in lines)


def test_copies_have_the_same_name_and_bytes():
    kernel = Variable("variables/0", "dense/kernel", 1, (2, 3), 24, checksum=7)
    stored = (
        kernel,
        replace(kernel, key="_all_variables/0"),
        replace(kernel, key="other name", name="dense_1/kernel"),
        replace(kernel, key="other bytes", checksum=8),
        replace(kernel, key="other shape", shape=(3, 2)),
        # TensorFlow 1 has no names beside the keys.
        replace(kernel, key="a", name=None),
        replace(kernel, key="b", name=None),
    )
    found = Inspection(Path(), (), (), stored, ())
    assert found.copies == {"_all_variables/0"}


def test_needs_no_tensorflow(made):
    program = (
        "import sys; sys.modules['tensorflow'] = None\n"
        "from stele.cli import main\n"
        "for folder in sys.argv[1:]: assert main(['inspect', folder]) == 0\n"
        "assert not any(m.startswith(('tensorflow.', 'keras')) for m in sys.modules)\n"
    )
    folders = [made.folder / model for model in MODELS]
    subprocess.run([sys.executable, "-c", program, *folders], check=True, capture_output=True)
