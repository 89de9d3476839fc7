"""Following tensors through graphs that are written out here, node by node."""

from __future__ import annotations

import re

from stele._proto import graph_pb2 as pb
from stele._proto.saved_model_pb2 import MetaGraphDef
from stele.contract.signature import Signature, TensorSpec
from stele.savedmodel.findings import of_meta_graph
from stele.savedmodel.graph import Graph

FLOAT, STRING = 1, 7


def node(name, op, *inputs, calls=()):
    attr = {f"f{i}": pb.AttrValue(func=pb.NameAttrList(name=call)) for i, call in enumerate(calls)}
    return pb.NodeDef(name=name, op=op, input=inputs, attr=attr)


def function(name, arguments, nodes, ret, control_ret=()):
    return pb.FunctionDef(
        signature=pb.OpDef(name=name, input_arg=[pb.OpDef.ArgDef(name=a) for a in arguments]),
        node_def=nodes,
        ret=ret,
        control_ret={name: name for name in control_ret},
    )


def graph(nodes, *functions):
    library = pb.FunctionDefLibrary(function=functions)
    return Graph(pb.GraphDef(node=nodes, library=library).SerializeToString())


def ran(built, *outputs, inputs=()):
    return [found.name for found in built.run_by(outputs, inputs)]


def leading(built, op):
    return built.leading_to(re.compile(op))


def test_only_what_the_output_needs_runs():
    built = graph([node("a", "A"), node("b", "B", "a:1"), node("c", "C", "a")])
    assert ran(built, "b:0") == ["b", "a"]
    assert ran(built, "b:0", inputs=["a:0"]) == ["b"]


def test_control_edges_run():
    built = graph([node("a", "A"), node("b", "B", "^a")])
    assert ran(built, "b:0") == ["b", "a"]
    assert leading(built, "B") == set()


def test_a_function_runs_what_it_returns_and_what_it_must():
    nodes = [node("r", "R", "x"), node("s", "S"), node("unused", "U")]
    built = graph(
        [node("call", "PartitionedCall", calls=["f"])],
        function("f", ["x"], nodes, {"y": "r:out:0"}, control_ret=["s"]),
    )
    assert sorted(ran(built, "call:0")) == ["call", "r", "s"]


def test_a_function_may_be_an_op():
    built = graph([node("call", "f")], function("f", [], [node("r", "R")], {"y": "r:out:0"}))
    assert ran(built, "call:0") == ["call", "r"]


def test_functions_that_call_themselves_end():
    body = [node("again", "PartitionedCall", "x", calls=["f"])]
    built = graph(
        [node("x", "Placeholder"), node("call", "PartitionedCall", "x", calls=["f"])],
        function("f", ["x"], body, {"y": "again:out:0"}),
    )
    assert sorted(ran(built, "call:0")) == ["again", "call", "x"]
    assert leading(built, "PartitionedCall") == {"x"}


def test_arguments_stand_behind_a_condition():
    """An If has its condition in front of what its branches take."""
    built = graph(
        [
            node("condition", "Placeholder"),
            node("x", "Placeholder"),
            node("z", "Placeholder"),
            node("if", "If", "condition", "x", "z", calls=["then", "else"]),
        ],
        function("then", ["a", "b"], [node("uses_a", "A", "a")], {"y": "uses_a:out:0"}),
        function("else", ["a", "b"], [node("uses_b", "B", "b")], {"y": "uses_b:out:0"}),
    )
    assert leading(built, "If") == {"condition", "x", "z"}
    assert leading(built, "A") == {"x"}
    assert leading(built, "B") == {"z"}


def test_only_strings_are_examples():
    built = graph(
        [
            node("serialized", "Placeholder"),
            node("default", "Placeholder"),
            node("parse", "ParseExampleV2", "serialized", "default"),
        ]
    )
    inputs = (
        TensorSpec("default", FLOAT, (2,), "default:0"),
        TensorSpec("serialized", STRING, (None,), "serialized:0"),
    )
    signature = Signature("s", inputs, (TensorSpec("y", FLOAT, None, "parse:0"),), "")
    (found,) = of_meta_graph(MetaGraphDef(), {"s": signature}, built)
    assert found.kind == "takes-examples"
    assert '"serialized"' in found.message


def test_no_signature():
    (found,) = of_meta_graph(MetaGraphDef(), {}, graph([]))
    assert found.kind == "no-signatures"


def test_an_op_in_a_function_has_its_callers_behind_it():
    built = graph(
        [
            node("x", "Placeholder"),
            node("far", "Identity", "x"),
            node("call", "PartitionedCall", "far", calls=["outer"]),
        ],
        function("outer", ["a"], [node("c", "PartitionedCall", "a", calls=["inner"])], {}),
        function("inner", ["b"], [node("i", "Identity", "b"), node("p", "P", "i:out:0")], {}),
    )
    assert leading(built, "P") == {"x", "far"}


def test_many_inputs_and_signatures_are_one_pass():
    """20,000 inputs of one call and 2,000 signatures are read once, not once each."""
    width = 20_000
    names = [f"x{i}" for i in range(width)]
    built = graph(
        [*(node(name, "Placeholder") for name in names),
         node("call", "PartitionedCall", *names, calls=["f"])],
        function("f", names, [node("parse", "ParseExampleV2", *names)], {"y": "parse:out:0"}),
    )  # fmt: skip
    calls = 0
    called = built._called

    def counting(node):
        nonlocal calls
        calls += 1
        return called(node)

    built._called = counting
    inputs = tuple(TensorSpec(name, STRING, (None,), f"{name}:0") for name in names)
    outputs = (TensorSpec("y", FLOAT, None, "call:0"),)
    signatures = {"wide": Signature("wide", inputs, outputs, "")} | {
        f"s{i}": Signature(f"s{i}", inputs[i : i + 1], (), "") for i in range(2_000)
    }
    found = list(of_meta_graph(MetaGraphDef(), signatures, built))
    assert len(found) == width + 2_000
    assert {entry.kind for entry in found} == {"takes-examples"}
    # Each node once to find what leads to the parser, and once for what "wide" runs.
    assert calls <= 2 * (width + 2)
