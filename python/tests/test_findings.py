"""Each kind of finding, in a MetaGraphDef that is written out here."""

from __future__ import annotations

import shutil
import string

import pytest

from stele._proto import graph_pb2, saved_model_pb2
from stele._proto.graph_pb2 import AttrValue, NodeDef
from stele._proto.saved_model_pb2 import MetaGraphDef, SignatureDef, TensorInfo
from stele.cli import main
from stele.savedmodel import effects, file
from stele.savedmodel.findings import of_meta_graph
from stele.savedmodel.graph import Graph
from stele.savedmodel.inspection import inspect
from stele.savedmodel.kinds import KINDS

FLOAT, STRING = 1, 7


def node(name, op, *inputs, device="", **attributes):
    attr = {key: AttrValue(**value) for key, value in attributes.items()}
    return NodeDef(name=name, op=op, input=inputs, device=device, attr=attr)


def placeholder(name="x", number=FLOAT):
    return node(name, "Placeholder", dtype={"type": number})


def variable(name, shared):
    return node(name, "VarHandleOp", shared_name={"s": shared.encode()})


def meta_graph(*nodes, x="x", output="y", **details):
    """Return a graph with a signature that takes x and gives y."""
    info = TensorInfo(name="x:0", dtype=FLOAT, tensor_shape={})
    signature = SignatureDef(
        inputs={x: info},
        outputs={"y": TensorInfo(name=f"{output}:0", dtype=FLOAT, tensor_shape={})},
    )
    graph_def = graph_pb2.GraphDef(node=nodes).SerializeToString()
    made = MetaGraphDef(graph_def=graph_def, signature_def={"s": signature})
    made.MergeFromString(graph_pb2.MetaGraphDetails(**details).SerializeToString())
    return made


def found(made):
    """Return the findings of a MetaGraphDef, by kind."""
    graph = Graph(made.graph_def)
    return {entry.kind: entry for entry in of_meta_graph(made, file.signatures(made), graph)}


def collection(*names):
    return graph_pb2.CollectionDef(node_list={"value": names})


def test_nothing_is_found_in_what_is_as_it_should_be():
    nodes = [
        placeholder(),
        variable("handle", "w"),
        node("restore", "AssignVariableOp", "handle", "x"),
        node("read", "ReadVariableOp", "handle"),
        node("y", "Mul", "x", "read", device="/job:localhost/device:CPU:0"),
    ]
    assert found(meta_graph(*nodes)) == {}


def test_output_without_a_shape():
    made = meta_graph(placeholder(), node("y", "Neg", "x"))
    made.signature_def["s"].outputs["y"].ClearField("tensor_shape")
    entry = found(made)["shape-missing"]
    assert 'signature "s": output "y" has no tensor_shape' in entry.message
    assert "build_tensor_info" in entry.remedy


def test_optimizer_slots():
    slots = [{"slot_variables": [{}, {}]}, {}, {"slot_variables": [{}]}]
    made = meta_graph(placeholder(), node("y", "Neg", "x"), object_graph_def={"nodes": slots})
    entry = found(made)["optimizer-slots"]
    assert "3 slot variables" in entry.message
    assert "model.export()" in entry.remedy


@pytest.mark.parametrize("initialized", [False, True])
def test_table_that_only_a_collection_initializes(initialized):
    nodes = [
        placeholder(),
        node("table", "HashTableV2"),
        node("unused", "HashTableV2"),
        node("fill", "LookupTableImportV2", "table", "x"),
        node("fill unused", "LookupTableImportV2", "unused", "x"),
        node("y", "LookupTableFindV2", "table", "x"),
    ]
    collections = {"table_initializer": collection("fill", "fill unused")}
    if initialized:
        collections["saved_model_main_op"] = collection("fill")
    entry = found(meta_graph(*nodes, collection_def=collections)).get("table-in-collection")
    assert (entry is None) == initialized
    assert initialized or 'the tables "table" are' in entry.message


def test_variables_that_nothing_restores():
    nodes = [
        placeholder(),
        variable("kernel", "dense/kernel"),
        variable("copy", "Variable"),
        node("restore", "AssignVariableOp", "copy", "x"),
        node("read", "ReadVariableOp", "kernel"),
        node("y", "Mul", "x", "read"),
    ]
    entry = found(meta_graph(*nodes))["variables-not-restored"]
    assert '"dense/kernel" get' in entry.message
    # Two handles of one name are one variable.
    nodes[2] = variable("copy", "dense/kernel")
    assert found(meta_graph(*nodes)) == {}


@pytest.mark.parametrize(
    ("op", "kind"),
    [
        ("AssignAddVariableOp", "writes-variables"),
        ("LookupTableInsertV2", "writes-variables"),
        ("WriteFile", "writes-files"),
        ("ReadFile", "reads-files"),
        ("EagerPyFunc", "runs-python"),
        ("RandomUniform", "random"),
    ],
)
def test_what_a_run_does(op, kind):
    entry = found(meta_graph(placeholder(), node("y", op, "x")))[kind]
    assert entry.message.startswith('signature "s" ')
    assert f"({op})" in entry.message


@pytest.mark.parametrize("device", ["/device:GPU:0", "/job:worker/task:1/device:TPU:3", "/gpu:0"])
def test_named_device(device):
    made = meta_graph(placeholder(), node("y", "Neg", "x", device=device))
    assert device in found(made)["named-device"].message


def test_dtype_that_disagrees():
    made = meta_graph(placeholder(number=STRING), node("y", "StringToNumber", "x"))
    message = found(made)["dtype-disagrees"].message
    assert 'input "x" has dtype FP32, and its tensor in the graph BYTES' in message
    call = node("y", "PartitionedCall", "x", Tout={"list": {"type": [STRING]}})
    message = found(meta_graph(placeholder(), call))["dtype-disagrees"].message
    assert 'output "y" has dtype FP32, and its tensor in the graph BYTES' in message


def test_input_with_a_default_or_a_word_of_pythons():
    made = meta_graph(placeholder(), node("y", "Neg", "x"), x="in")
    made.signature_def["s"].defaults["in"] = b""
    assert set(found(made)) == {"default", "python-word"}


def test_every_kind_has_a_text_that_can_be_filled():
    for kind, entry in KINDS.items():
        words = {name for _, name, _, _ in string.Formatter().parse(entry.text) if name}
        assert entry.text.format(**dict.fromkeys(words, "word")), kind
        assert not entry.remedy.endswith("."), kind


# Named like ops that write or read files or variables, and not.
NOT_WRITING = {"AssignVariableXlaConcatND", "ShardedFilename", "ShardedFilespec"}


def test_ops_that_write_are_ops_of_the_registry(made):
    ops = made.expected["ops"]
    done = effects.of_run([NodeDef(op=op) for op in ops])
    assert {"AssignVariableOp", "ResourceApplyAdam", "LookupTableInsertV2"} <= set(
        done.writes_variables
    )
    assert {"SaveV2", "WriteFile", "MergeV2Checkpoints"} <= set(done.writes_files)
    assert {"ReadFile", "RestoreV2", "TFRecordDataset"} <= set(done.reads_files)
    assert done.runs_python == ("EagerPyFunc", "PyFunc", "PyFuncStateless")


def test_folder_that_tensorflow_takes_for_a_pattern(made, tmp_path, capsys):
    folder = shutil.copytree(made.folder / "plain", tmp_path / "net[v2]")
    assert [entry.kind for entry in inspect(folder).findings] == ["path-is-pattern"]
    assert main(["inspect", str(folder)]) == 3
    assert "net[v2]" in capsys.readouterr().out


def test_op_that_is_not_in_this_tensorflow(made, tmp_path, capsys):
    folder = shutil.copytree(made.folder / "random", tmp_path / "model")
    assert main(["inspect", "--ops", str(folder)]) == 0
    assert "is none of TensorFlow" not in capsys.readouterr().out
    file = folder / "saved_model.pb"
    model = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    model.meta_graphs[0].graph_def += graph_pb2.GraphDef(
        node=[NodeDef(name="mine", op="MyOwnOp")]
    ).SerializeToString()
    file.write_bytes(model.SerializeToString())
    assert main(["inspect", "--ops", str(folder)]) == 0
    assert "the op MyOwnOp is none of TensorFlow 2." in capsys.readouterr().out


def test_git_lfs_pointer_in_place_of_the_variables(made, tmp_path, capsys):
    folder = shutil.copytree(made.folder / "plain", tmp_path / "model")
    text = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    (folder / "variables" / "variables.data-00000-of-00001").write_text(text)
    assert main(["inspect", str(folder)]) == 3
    assert "git lfs pull" in capsys.readouterr().out
