"""Reads a GraphDef without TensorFlow: its ops, and which of them a signature runs.

A TF2 graph is a few nodes that call functions, a TF1 graph one flat graph that
also holds what initialized and saved its variables. To say that a *signature* is
random, or takes serialized tf.Example, one has to follow its tensors.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from google.protobuf.message import DecodeError

from stele._proto import graph_pb2 as pb
from stele.contract import dtypes
from stele.contract.signature import Shape, Signature

# A node: the function whose body it is in ("" for the graph itself), its name.
_Place = tuple[str, str]

# Ops whose attribute "shape" is that of their output.
_SHAPED_OP = re.compile(r"Placeholder(V2|WithDefault)?|Variable(V2)?")
# Ops that read serialized tf.Example.
EXAMPLE_OP = re.compile(r"Parse(Single)?(Sequence)?Example(V2)?")
_CALLS = ("PartitionedCall", "StatefulPartitionedCall")
# Ops whose output is their first input: the same values.
_PASSES_ON = ("Identity", "ReadVariableOp", "Enter", "StopGradient", "PreventGradient", "Snapshot")


@dataclass(frozen=True)
class Use:
    """A node that takes a tensor.

    Attributes:
        scope: The function whose body the node is in; empty for the graph itself.
        node: The node.
        source: The node or argument of that body which the tensor comes from.
    """

    scope: str
    node: pb.NodeDef
    source: str

    def takes_as(self, position: int) -> bool:
        """Tell whether the tensor is this input of the node, from 0."""
        refs = self.node.input
        return position < len(refs) and node_of(refs[position]) == self.source


class _Dim(Protocol):
    @property
    def size(self) -> int: ...


class _Shape(Protocol):
    @property
    def dim(self) -> Iterable[_Dim]: ...
    @property
    def unknown_rank(self) -> bool: ...


class Graph:
    """The nodes of a GraphDef and of its function library.

    Raises:
        ValueError: The bytes are not a GraphDef.
    """

    def __init__(self, graph_def: bytes) -> None:
        try:
            graph = pb.GraphDef.FromString(graph_def)
        except DecodeError as error:
            raise ValueError("the graph is damaged") from error
        self._functions = {entry.signature.name: entry for entry in graph.library.function}
        self._nodes: dict[str, dict[str, pb.NodeDef]] = {
            "": {node.name: node for node in graph.node}
        }
        for name, function in self._functions.items():
            self._nodes[name] = {node.name: node for node in function.node_def}
        self.graph_ops = Counter(node.op for node in graph.node)
        self.function_ops = Counter(
            node.op for function in self._functions.values() for node in function.node_def
        )

    @property
    def ops(self) -> frozenset[str]:
        """What nodes are, but for those that call a function by its name (TF1's Defun)."""
        return frozenset({*self.graph_ops, *self.function_ops} - self._functions.keys())

    @property
    def functions(self) -> int:
        """How many functions the library has."""
        return len(self._functions)

    def shape(self, tensor: str) -> Shape:
        """Return the shape that the graph declares for a tensor, ``op:index``; None for none."""
        node = self.node(node_of(tensor))
        if node is None:
            return None
        index = tensor.partition(":")[2] or "0"
        shapes = node.attr["_output_shapes"].list.shape if "_output_shapes" in node.attr else ()
        if index.isdecimal() and int(index) < len(shapes):
            return shape_of(shapes[int(index)])
        # Elsewhere "shape" is not the output's: a VarHandleOp's is that of its variable.
        if _SHAPED_OP.fullmatch(node.op) and node.attr["shape"].HasField("shape"):
            return shape_of(node.attr["shape"].shape)
        return None

    def dtype(self, tensor: str) -> int | None:
        """Return the tensorflow.DataType that a placeholder's tensor, ``op:index``, has.

        A call of a function says what its outputs are; of other nodes nothing is known.
        """
        node = self.node(node_of(tensor))
        if node is None:
            return None
        if _SHAPED_OP.fullmatch(node.op):
            return dtypes.base(node.attr["dtype"].type) or None
        index = tensor.partition(":")[2] or "0"
        outputs = node.attr["Tout"].list.type if node.op in _CALLS else ()
        return outputs[int(index)] if index.isdecimal() and int(index) < len(outputs) else None

    def node(self, name: str) -> pb.NodeDef | None:
        """Return a node of the graph itself; None when there is none of this name."""
        return self._nodes[""].get(name)

    def nodes_of(self, op: str) -> Iterator[tuple[str, pb.NodeDef]]:
        """Yield the nodes of an op, each with the function whose body it is in."""
        for scope, nodes in self._nodes.items():
            yield from ((scope, node) for node in nodes.values() if node.op == op)

    def run_by(self, outputs: Iterable[str], inputs: Iterable[str] = ()) -> Iterator[pb.NodeDef]:
        """Yield the nodes that run to compute some tensors, those in functions included.

        Args:
            outputs: The tensors, ``op:index``.
            inputs: Tensors that the caller feeds: what computes them does not run.
        """
        fed = {("", node_of(ref)) for ref in inputs}
        todo: list[_Place] = [("", node_of(ref)) for ref in outputs]
        seen: set[_Place] = set()
        while todo:
            place = todo.pop()
            scope, name = place
            node = self._nodes[scope].get(name)
            # In a function a name may be an argument's: the caller's node runs anyway.
            if node is None or place in seen or place in fed:
                continue
            seen.add(place)
            yield node
            todo += [(scope, node_of(ref)) for ref in node.input]
            for called in self._called(node):
                body = self._functions[called]
                results = [*body.ret.values(), *body.control_ret.values()]
                todo += [(called, node_of(ref)) for ref in results]

    def run(self, signature: Signature) -> list[pb.NodeDef]:
        """Return the nodes that a signature runs, those in functions included."""
        inputs = [spec.ref for spec in signature.inputs if spec.ref]
        outputs = [spec.ref for spec in signature.outputs if spec.ref]
        return list(self.run_by(outputs, inputs))

    def leading_to(self, op: re.Pattern[str]) -> frozenset[str]:
        """Return the graph's nodes whose outputs flow into an op, through functions too.

        Args:
            op: What the op's whole name matches.
        """
        todo: list[_Place] = [
            (scope, name)
            for scope, nodes in self._nodes.items()
            for name, node in nodes.items()
            if op.fullmatch(node.op)
        ]
        seen: set[_Place] = set()
        while todo:
            sources = self._sources[todo.pop()]
            todo += [place for place in sources if place not in seen]
            seen.update(sources)
        return frozenset(name for scope, name in seen if not scope)

    def uses_of(self, tensor: str) -> Iterator[Use]:
        """Yield each way in which a tensor, ``op:index``, flows into a node, the same order always.

        What a node computes from the tensor counts as the tensor.
        """
        todo: list[_Place] = [("", node_of(tensor))]
        seen: set[_Place] = set(todo)
        while todo:
            place = todo.pop()
            for scope, name in self._targets.get(place, ()):
                node = self._nodes[scope].get(name)
                if node is not None:
                    yield Use(scope, node, place[1])
                if (scope, name) not in seen:
                    seen.add((scope, name))
                    todo.append((scope, name))

    def origin(self, scope: str, ref: str) -> pb.NodeDef | None:
        """Return the node that a value comes from, behind what only passes it on.

        Args:
            scope: The function that names the value; empty for the graph itself.
            ref: The value, as an input of a node in it.

        Returns:
            Mostly a variable, a constant, or an op that computes; None when it is
            an argument that no call gives.
        """
        seen: set[_Place] = set()
        place: _Place | None = (scope, node_of(ref))
        while place is not None and place not in seen:
            seen.add(place)
            node = self._nodes[place[0]].get(place[1])
            if node is None:
                place = min(self._sources.get(place, ()), default=None)
            elif node.op in _PASSES_ON and node.input:
                place = (place[0], node_of(node.input[0]))
            else:
                return node
        return None

    @cached_property
    def _targets(self) -> Mapping[_Place, list[_Place]]:
        """What each node, and each argument of a function, flows into; sorted."""
        targets: dict[_Place, list[_Place]] = defaultdict(list)
        for place, sources in sorted(self._sources.items()):
            for source in sources:
                targets[source].append(place)
        return targets

    @cached_property
    def _sources(self) -> Mapping[_Place, set[_Place]]:
        """What flows into each node, and into each argument of a function."""
        sources: dict[_Place, set[_Place]] = defaultdict(set)
        for scope, nodes in self._nodes.items():
            for node in nodes.values():
                given = [(scope, node_of(ref)) for ref in node.input if not ref.startswith("^")]
                sources[scope, node.name].update(given)
                for called in self._called(node):
                    arguments = self._functions[called].signature.input_arg
                    # Control flow has its condition in front: arguments align at the end.
                    for place, argument in zip(reversed(given), reversed(arguments), strict=False):
                        sources[called, argument.name].add(place)
        return sources

    def _called(self, node: pb.NodeDef) -> Iterator[str]:
        """Yield the functions that a node calls."""
        # TF1's Defun makes the function's name an op.
        names = [node.op]
        for attr in node.attr.values():
            names += [attr.func.name, *(function.name for function in attr.list.func)]
        return (name for name in names if name in self._functions)


def shape_of(shape: _Shape) -> Shape:
    """Return a TensorShapeProto's shape."""
    if shape.unknown_rank:
        return None
    return tuple(None if dim.size < 0 else dim.size for dim in shape.dim)


def node_of(ref: str) -> str:
    """Return the name of the node that a tensor or an input belongs to."""
    return ref.removeprefix("^").split(":", 1)[0]
