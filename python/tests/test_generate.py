"""Inputs made from a signature and a graph that is written out here."""

from __future__ import annotations

import base64
import struct

import numpy as np
import pytest

from stele._proto import graph_pb2 as pb
from stele.contract.codes import Code, SteleError
from stele.contract.signature import Signature, TensorSpec
from stele.parity import expected, generate
from stele.parity.expected import Expected, Feature, Text
from stele.savedmodel.graph import Graph

FLOAT, STRING, INT64 = 1, 7, 9


def signature(number=INT64, shape=(None,)):
    return Signature("serve", (TensorSpec("x", number, shape, "x:0"),), (), "")


def const(name, *strings, shape=(), content=b""):
    tensor = pb.Tensor(
        tensor_shape=pb.Shape(dim=[pb.Shape.Dim(size=size) for size in shape]),
        tensor_content=content,
        string_val=strings,
    )
    return pb.NodeDef(name=name, op="Const", attr={"value": pb.AttrValue(tensor=tensor)})


def of(*nodes):
    graph = Graph(
        pb.GraphDef(node=[pb.NodeDef(name="x", op="Placeholder"), *nodes]).SerializeToString()
    )
    return expected.of_inputs(signature(), graph)["x"]


def gather(op, *inputs):
    return pb.NodeDef(name=op, op=op, input=inputs)


def test_integers_index_the_rows_along_the_axis():
    table = const("t", shape=(5, 2))
    assert of(table, gather("Gather", "t", "x")).rows == 5
    assert (
        of(table, const("a", content=struct.pack("<i", -1)), gather("GatherV2", "t", "x", "a")).rows
        == 2
    )
    # What is gathered from says nothing of itself.
    assert of(const("i"), gather("Gather", "x", "i")).rows is None


def test_the_fewest_rows_count():
    nodes = [const("t", shape=(5,)), const("u", shape=(3,))]
    assert of(*nodes, gather("Gather", "t", "x"), gather("GatherV2", "u", "x", "i")).rows == 3


def test_old_parse_example_has_a_scalar_for_each_key():
    attr = {
        "Nsparse": pb.AttrValue(i=1),
        "Ndense": pb.AttrValue(i=1),
        "sparse_types": pb.AttrValue(list=pb.AttrValue.ListValue(type=[STRING])),
        "Tdense": pb.AttrValue(list=pb.AttrValue.ListValue(type=[FLOAT])),
        "dense_shapes": pb.AttrValue(
            list=pb.AttrValue.ListValue(shape=[pb.Shape(dim=[pb.Shape.Dim(size=3)])])
        ),
    }
    inputs = ["x", "names", "sparse", "dense", "default"]
    parse = pb.NodeDef(name="p", op="ParseExample", input=inputs, attr=attr)
    found = of(const("sparse", b"s"), const("dense", b"d"), const("default", b"no key"), parse)
    assert set(found.features) == {Feature("s", "bytes", 2), Feature("d", "float", 3)}


def test_a_constant_repeats_its_last_string():
    parse = pb.NodeDef(name="p", op="ParseExampleV2", input=["x", "n", "s", "d", "r"])
    parse.attr["sparse_types"].list.type.extend([INT64, INT64])
    found = of(const("s", b"a", shape=(2,)), const("d", shape=(0,)), const("r", shape=(0,)), parse)
    assert found.features == (Feature("a", "int64", 2),)


def made(spec, wanted):
    return {name: inputs["x"] for name, inputs in generate.variants("m", spec, {"x": wanted})}


def test_integers_stay_below_the_rows():
    ids = made(signature(shape=(None, 50)), Expected(rows=3))["batch8"]
    assert set(np.unique(ids)) == {0, 1, 2}


@pytest.mark.parametrize(("text", "magic"), [(Text.PNG, b"\x89PNG"), (Text.WAV, b"RIFF")])
def test_base64_is_of_what_it_is_decoded_to(text, magic):
    for value in made(signature(STRING), Expected(text, base64=True))["batch8"]:
        assert base64.urlsafe_b64decode(value + b"=" * (-len(value) % 4)).startswith(magic)


@pytest.mark.parametrize("shape", [(300_000, 600_000), (None, 1 << 40), (1,) * 300])
def test_what_is_too_large_is_refused_by_name(shape):
    with pytest.raises(SteleError, match='input "x" has') as refusal:
        made(signature(FLOAT, shape), Expected())
    assert refusal.value.code == Code.RESOURCE_EXHAUSTED


def test_images_have_a_case_of_pixels_where_asked_for():
    spec = signature(FLOAT, (None, 8, 8, 3))
    assert "pixels" not in dict(generate.variants("m", spec))
    image = dict(generate.variants("m", spec, pixels=True))["pixels"]["x"]
    assert image.dtype == np.float32
    assert 200 < image.max() < 256
    assert "pixels" not in dict(generate.variants("m", signature(FLOAT), pixels=True))


def test_no_batch_has_more_rows_than_wanted():
    variants = generate.variants("m", signature(FLOAT), sizes=generate.Sizes(rows=1))
    rows = {name: len(inputs["x"]) for name, inputs in variants}
    assert rows == {"batch1": 1, "batch0": 0, "edge": 1}


def test_the_same_inputs_each_time():
    wanted = Expected(features=(Feature("f", "float", 2), Feature("w", "bytes", 1)))
    once, again = (made(signature(STRING), wanted) for _ in range(2))
    assert list(once) == ["batch1", "batch3", "batch8", "batch0", "edge"]
    assert all(np.array_equal(once[name], again[name]) for name in once)
