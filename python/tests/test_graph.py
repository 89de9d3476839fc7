"""Following tensors through graphs that are written out here, node by node."""

from __future__ import annotations

from stele._proto import graph_pb2 as pb
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


def ran(there, *outputs, inputs=()):
    return [found.name for found in there.run_by(outputs, inputs)]


def test_only_what_the_output_needs_runs():
    there = graph([node("a", "A"), node("b", "B", "a:1"), node("c", "C", "a")])
    assert ran(there, "b:0") == ["b", "a"]
    assert ran(there, "b:0", inputs=["a:0"]) == ["b"]


def test_control_edges_run():
    there = graph([node("a", "A"), node("b", "B", "^a")])
    assert ran(there, "b:0") == ["b", "a"]
    assert list(there.reached_from("a:0")) == []


def test_a_function_runs_what_it_returns_and_what_it_must():
    nodes = [node("r", "R", "x"), node("s", "S"), node("unused", "U")]
    there = graph(
        [node("call", "PartitionedCall", calls=["f"])],
        function("f", ["x"], nodes, {"y": "r:out:0"}, control_ret=["s"]),
    )
    assert sorted(ran(there, "call:0")) == ["call", "r", "s"]


def test_a_function_may_be_an_op():
    there = graph([node("call", "f")], function("f", [], [node("r", "R")], {"y": "r:out:0"}))
    assert ran(there, "call:0") == ["call", "r"]


def test_functions_that_call_themselves_end():
    body = [node("again", "PartitionedCall", "x", calls=["f"])]
    there = graph(
        [node("x", "Placeholder"), node("call", "PartitionedCall", "x", calls=["f"])],
        function("f", ["x"], body, {"y": "again:out:0"}),
    )
    assert sorted(ran(there, "call:0")) == ["again", "call", "x"]
    assert sorted(found.name for found in there.reached_from("x:0")) == ["again", "call"]


def test_arguments_stand_behind_a_condition():
    """An If has its condition in front of what its branches take."""
    there = graph(
        [
            node("condition", "Placeholder"),
            node("x", "Placeholder"),
            node("z", "Placeholder"),
            node("if", "If", "condition", "x", "z", calls=["then", "else"]),
        ],
        function("then", ["a", "b"], [node("uses_a", "A", "a")], {"y": "uses_a:out:0"}),
        function("else", ["a", "b"], [node("uses_b", "B", "b")], {"y": "uses_b:out:0"}),
    )
    reached = {
        name: sorted(found.name for found in there.reached_from(f"{name}:0"))
        for name in ("condition", "x", "z")
    }
    assert reached == {"condition": ["if"], "x": ["if", "uses_a"], "z": ["if", "uses_b"]}


def test_only_strings_are_examples():
    there = graph(
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
    (found,) = of_meta_graph({"s": signature}, there)
    assert found.kind == "takes-examples"
    assert '"serialized"' in found.message


def test_no_signature():
    (found,) = of_meta_graph({}, graph([]))
    assert found.kind == "no-signatures"
