"""Finds what a load leaves without a value, or cannot restore."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from stele._proto import graph_pb2
from stele._proto import saved_model_pb2 as pb
from stele.savedmodel.graph import Graph, node_of

# What a load runs: the name of a collection, or of a signature, that holds it.
_MAIN_OPS = ("saved_model_main_op", "legacy_init_op")
_MAIN_SIGNATURE = "__saved_model_init_op"
_TABLES = "table_initializer"


@dataclass(frozen=True)
class LeftOut:
    """What a load leaves out.

    Attributes:
        slots: How many slot variables of optimizers the program's objects have.
        tables: Of the signatures, those that only a collection initializes; node names.
        variables: Of the signatures, those that nothing gives a value; shared names.
    """

    slots: int
    tables: tuple[str, ...]
    variables: tuple[str, ...]


def left_out(
    meta_graph: pb.MetaGraphDef, run: Iterable[graph_pb2.NodeDef], graph: Graph
) -> LeftOut:
    """Look at one MetaGraphDef.

    Args:
        meta_graph: Of which `graph` is the graph.
        run: The nodes that its signatures run.
        graph: Its graph.

    Raises:
        DecodeError: It is damaged.
    """
    details = graph_pb2.MetaGraphDetails.FromString(meta_graph.SerializeToString())
    loaded = run_by_load(meta_graph, details, graph)
    nodes = {node.name: node for node in run}
    tables = set(_uninitialized(details, loaded, graph)) & nodes.keys()
    handles = {_shared_name(node) for node in nodes.values() if node.op == "VarHandleOp"}
    slots = sum(len(node.slot_variables) for node in details.object_graph_def.nodes)
    without = handles - set(_assigned(graph)) if handles else set()
    return LeftOut(slots, tuple(sorted(tables)), tuple(sorted(without)))


def run_by_load(
    meta_graph: pb.MetaGraphDef, details: graph_pb2.MetaGraphDetails, graph: Graph
) -> set[str]:
    """Return the names of the nodes that a load runs to initialize the graph."""
    collections = details.collection_def
    nodes = [collections[key].node_list.value for key in _MAIN_OPS if key in collections]
    main = [name for names in nodes for name in names]
    if _MAIN_SIGNATURE in meta_graph.signature_def:
        outputs = meta_graph.signature_def[_MAIN_SIGNATURE].outputs
        main += [info.name for info in outputs.values()]
    return {node.name for node in graph.run_by(main)}


def _uninitialized(
    details: graph_pb2.MetaGraphDetails, loaded: Collection[str], graph: Graph
) -> Iterator[str]:
    """Yield the tables whose initializer is listed, and not run by a load."""
    collections = details.collection_def
    listed = collections[_TABLES].node_list.value if _TABLES in collections else ()
    for name in {node_of(entry) for entry in listed}.difference(loaded):
        node = graph.node(name)
        table = graph.origin("", node.input[0]) if node is not None and node.input else None
        if table is not None:
            yield table.name


def variables_given(values: Collection[str], graph: Graph) -> Iterator[str]:
    """Yield the nodes of the variables that the graph itself gives one of these nodes' values."""
    for scope, node in graph.nodes_of("AssignVariableOp"):
        if not scope and node_of(node.input[1]) in values:
            yield node_of(node.input[0])


def _assigned(graph: Graph) -> Iterator[str]:
    """Yield the shared names of the variables that an op of the graph gives a value."""
    for scope, node in graph.nodes_of("AssignVariableOp"):
        source = graph.origin(scope, node.input[0])
        if source is not None and source.op == "VarHandleOp":
            yield _shared_name(source)


def _shared_name(node: graph_pb2.NodeDef) -> str:
    """Return the name by which a session finds a variable."""
    return node.attr["shared_name"].s.decode(errors="replace") or node.name
