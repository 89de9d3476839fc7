"""Reads a GraphDef without TensorFlow: its ops, and which of them a signature runs.

A TF2 graph is a few nodes that call functions, a TF1 graph one flat graph that
also holds what initialized and saved its variables. To say that a *signature* is
random, or takes serialized tf.Example, one has to follow its tensors.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from google.protobuf.message import DecodeError

from stele._proto import graph_pb2 as pb

# A node: the function whose body it is in ("" for the graph itself), its name.
_Place = tuple[str, str]


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
    def functions(self) -> int:
        """How many functions the library has."""
        return len(self._functions)

    def run_by(self, outputs: Iterable[str], inputs: Iterable[str] = ()) -> Iterator[pb.NodeDef]:
        """Yield the nodes that run to compute some tensors, those in functions included.

        Args:
            outputs: The tensors, ``op:index``.
            inputs: Tensors that the caller feeds: what computes them does not run.
        """
        fed = {("", _node(ref)) for ref in inputs}
        todo: list[_Place] = [("", _node(ref)) for ref in outputs]
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
            todo += [(scope, _node(ref)) for ref in node.input]
            for called in self._called(node):
                body = self._functions[called]
                results = [*body.ret.values(), *body.control_ret.values()]
                todo += [(called, _node(ref)) for ref in results]

    def reached_from(self, tensor: str) -> Iterator[pb.NodeDef]:
        """Yield the nodes that a tensor, ``op:index``, flows into, through functions too."""
        consumers: dict[str, dict[str, list[pb.NodeDef]]] = {}
        todo: list[_Place] = [("", _node(tensor))]
        seen: set[_Place] = set(todo)
        while todo:
            scope, name = todo.pop()
            if scope not in consumers:
                consumers[scope] = _consumers(self._nodes[scope].values())
            for node in consumers[scope].get(name, ()):
                follow = [(scope, node.name), *self._arguments(node, name)]
                if follow[0] not in seen:
                    yield node
                todo += [place for place in follow if place not in seen]
                seen.update(follow)

    def _called(self, node: pb.NodeDef) -> Iterator[str]:
        """Yield the functions that a node calls."""
        # TF1's Defun makes the function's name an op.
        names = [node.op]
        for attr in node.attr.values():
            names += [attr.func.name, *(function.name for function in attr.list.func)]
        return (name for name in names if name in self._functions)

    def _arguments(self, node: pb.NodeDef, name: str) -> Iterator[_Place]:
        """Yield the arguments of called functions that take an output of node ``name``."""
        inputs = [_node(ref) for ref in node.input if not ref.startswith("^")]
        for called in self._called(node):
            arguments = [argument.name for argument in self._functions[called].signature.input_arg]
            # Control flow has its condition in front: arguments align at the end.
            pairs = zip(reversed(inputs), reversed(arguments), strict=False)
            yield from ((called, argument) for given, argument in pairs if given == name)


def _node(ref: str) -> str:
    return ref.removeprefix("^").split(":", 1)[0]


def _consumers(nodes: Iterable[pb.NodeDef]) -> dict[str, list[pb.NodeDef]]:
    found: dict[str, list[pb.NodeDef]] = defaultdict(list)
    for node in nodes:
        for name in {_node(ref) for ref in node.input if not ref.startswith("^")}:
            found[name].append(node)
    return found
