"""The checks that every client makes, in the order of the protocol."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stele import savedmodel
from stele._proto import graph_pb2
from stele._proto import saved_model_pb2 as pb
from stele.contract import config
from stele.contract.codes import Code, SteleError
from stele.contract.signature import check_inputs, find_signature

FLOAT, STRING, VARIANT = 1, 7, 21


def info(dtype: int, *dims: int, name: str = "x:0") -> pb.TensorInfo:
    shape = pb.TensorShape(dim=[pb.TensorShape.Dim(size=dim) for dim in dims])
    return pb.TensorInfo(name=name, dtype=dtype, tensor_shape=shape)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    graph = pb.MetaGraphDef(meta_info_def=pb.MetaGraphDef.MetaInfoDef(tags=["serve", "gpu"]))
    entry = graph.signature_def["serving_default"]
    entry.inputs["image"].CopyFrom(info(FLOAT, -1, 8))
    entry.inputs["text"].CopyFrom(info(STRING))
    entry.outputs["y"].CopyFrom(pb.TensorInfo(name="y:0", dtype=FLOAT))
    entry.outputs["y"].tensor_shape.unknown_rank = True
    graph.signature_def["sparse"].inputs["s"].CopyFrom(info(FLOAT, name=""))
    graph.signature_def["variant"].outputs["v"].CopyFrom(info(VARIANT))
    graph.signature_def["__saved_model_init_op"].outputs["__saved_model_init_op"].name = "init"
    (tmp_path / "saved_model.pb").write_bytes(
        pb.SavedModel(meta_graphs=[graph]).SerializeToString()
    )
    return tmp_path


def refused(call, *arguments) -> SteleError:
    with pytest.raises(SteleError) as caught:
        call(*arguments)
    return caught.value


def test_signatures(folder: Path) -> None:
    found = savedmodel.load_signatures(folder, ["gpu", "serve"])
    assert list(found) == ["serving_default", "sparse", "variant"]
    image, text = found["serving_default"].inputs
    assert (image.name, image.dtype, image.shape, image.ref) == ("image", "FP32", (None, 8), "x:0")
    assert (text.name, text.dtype, text.shape) == ("text", "BYTES", ())
    assert found["serving_default"].outputs[0].shape is None
    assert found["variant"].outputs[0].dtype == "TF_21"


def shape_attr(*dims: int, **more: bool) -> graph_pb2.AttrValue:
    dim = [graph_pb2.Shape.Dim(size=size) for size in dims]
    return graph_pb2.AttrValue(shape=graph_pb2.Shape(dim=dim, **more))


def test_a_shape_that_the_signature_leaves_out_is_the_graphs() -> None:
    outputs = graph_pb2.AttrValue(list={"shape": [shape_attr(7).shape, shape_attr(-1, 3).shape]})
    nodes = [
        graph_pb2.NodeDef(name="fed", op="Placeholder", attr={"shape": shape_attr(-1, 2)}),
        graph_pb2.NodeDef(
            name="any", op="Placeholder", attr={"shape": shape_attr(unknown_rank=True)}
        ),
        graph_pb2.NodeDef(name="two", op="Split", attr={"_output_shapes": outputs}),
        graph_pb2.NodeDef(name="handle", op="VarHandleOp", attr={"shape": shape_attr(5)}),
    ]
    meta_graph = pb.MetaGraphDef(graph_def=graph_pb2.GraphDef(node=nodes).SerializeToString())
    refs = ["fed:0", "any:0", "two:0", "two:1", "two:2", "handle:0", "nowhere:0"]
    for ref in refs:
        meta_graph.signature_def["s"].inputs[ref].CopyFrom(pb.TensorInfo(name=ref, dtype=FLOAT))
    meta_graph.signature_def["s"].inputs["told"].CopyFrom(info(FLOAT, 4, name="fed:0"))
    found = {spec.name: spec.shape for spec in savedmodel.signatures(meta_graph)["s"].inputs}
    assert found == dict.fromkeys(refs) | {
        "fed:0": (None, 2),
        "two:0": (7,),
        "two:1": (None, 3),
        "told": (4,),
    }
    meta_graph.graph_def = b"\xff"
    assert savedmodel.signatures(meta_graph)["s"].inputs[0].shape is None


def test_tags_are_a_set(folder: Path) -> None:
    error = refused(savedmodel.load_signatures, folder, ["serve"])
    assert error.code is Code.NOT_FOUND
    assert "{serve}" in error.message
    assert "{gpu,serve}" in error.message


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda file: file.unlink(), Code.NOT_FOUND),
        (lambda file: file.write_bytes(b""), Code.DATA_LOSS),
        (lambda file: file.write_bytes(file.read_bytes()[:-3]), Code.DATA_LOSS),
        (lambda file: file.write_bytes(b"\xff" * 99), Code.DATA_LOSS),
    ],
)
def test_damaged_file(folder: Path, damage, code: Code) -> None:
    damage(folder / "saved_model.pb")
    error = refused(savedmodel.read, folder)
    assert error.code is code
    assert str(folder) in error.message


def test_variables_that_are_missing(folder: Path) -> None:
    model = savedmodel.read(folder)
    model.meta_graphs[0].saver_def = b"\x0a\x00"
    error = refused(savedmodel.select, folder, model, ["serve", "gpu"])
    assert error.code is Code.NOT_FOUND
    assert "variables.index" in error.message


def test_what_the_protocol_has_no_form_for(folder: Path) -> None:
    found = savedmodel.load_signatures(folder, ["serve", "gpu"])
    for name in ("sparse", "variant"):
        assert refused(find_signature, found, name).code is Code.UNIMPLEMENTED
    private = refused(find_signature, found, "__saved_model_init_op")
    assert private.code is Code.NOT_FOUND
    assert '"serving_default"' in private.message


IMAGE = np.zeros((2, 8), np.float32)
TEXT = np.array(b"text", dtype=object)


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ([("image", IMAGE), ("text", TEXT), ("text", TEXT)], 'input "text" is given twice'),
        ([("image", IMAGE), ("text", TEXT), ("more", TEXT)], 'no input "more"'),
        ([("image", IMAGE)], 'input "text" of signature "serving_default" is missing'),
        (
            [("image", IMAGE.astype(np.float64)), ("text", TEXT)],
            'input "image" has dtype FP64, expected FP32',
        ),
        (
            [("image", IMAGE[0]), ("text", TEXT)],
            'input "image" has shape [8], expected [?,8]',
        ),
        (
            [("image", IMAGE[:, :7]), ("text", TEXT)],
            'input "image" has shape [2,7], expected [?,8]',
        ),
    ],
)
def test_inputs_that_do_not_fit(folder: Path, inputs, words: str) -> None:
    signature = savedmodel.load_signatures(folder, ["serve", "gpu"])["serving_default"]
    check_inputs(signature, [("text", TEXT), ("image", IMAGE)])
    error = refused(check_inputs, signature, inputs)
    assert error.code is Code.INVALID_ARGUMENT
    assert words in error.message


def test_profiles_are_the_configs_that_they_name() -> None:
    # An independent reader of protobuf's wire format: every field by number.
    from google.protobuf import unknown_fields
    from google.protobuf.empty_pb2 import Empty

    def fields(data: bytes) -> dict[int, object]:
        return {
            field.field_number: field.data
            for field in unknown_fields.UnknownFieldSet(Empty.FromString(data))
        }

    soft = {7: 1}
    assert fields(config.parse("default")) == soft
    assert fields(config.parse("inline")) == {5: 2**64 - 1} | soft
    assert fields(config.parse("single")).keys() == {7, 16}
    assert fields(config.parse("python")).keys() == {7, 10}
    assert config.parse("hex:2801") == b"\x28\x01"
    for text in ("fast", "hex:0g", ""):
        assert refused(config.parse, text).code is Code.INVALID_ARGUMENT
