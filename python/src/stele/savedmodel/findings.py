"""What a person should know about a SavedModel before running it."""

from __future__ import annotations

import itertools
import keyword
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

from stele._proto import saved_model_pb2 as pb
from stele._proto.graph_pb2 import NodeDef
from stele.contract import dtypes
from stele.contract.signature import DEFAULT_TAGS, Signature, TensorSpec, format_tags, listed
from stele.savedmodel import effects, initialization
from stele.savedmodel.graph import EXAMPLE_OP, Graph, node_of
from stele.savedmodel.kinds import KINDS

_REFERENCE_VARIABLES = ("Variable", "VariableV2")


@dataclass(frozen=True)
class Finding:
    """One thing to know.

    Attributes:
        kind: For programs; a key of `KINDS`.
        message: For people.
        fatal: Whether TensorFlow would not load the model, or without its values.
        remedy: What to do about it; empty where there is nothing to do.
    """

    kind: str
    message: str
    fatal: bool = False
    remedy: str = ""


def finding(kind: str, **words: object) -> Finding:
    """Return a finding of a kind, with these words in its text."""
    entry = KINDS[kind]
    return Finding(kind, entry.text.format(**words), entry.fatal, entry.remedy)


def of_tags(tag_sets: Sequence[Collection[str]]) -> list[Finding]:
    """Say that a default load fails, from the tags of all MetaGraphDefs."""
    if any(set(tags) == set(DEFAULT_TAGS) for tags in tag_sets):
        return []
    return [finding("tags", tags=", ".join(format_tags(tags) for tags in tag_sets))]


def of_meta_graph(
    meta_graph: pb.MetaGraphDef, signatures: Mapping[str, Signature], graph: Graph
) -> Iterator[Finding]:
    """Say what to know about one MetaGraphDef."""
    if not signatures:
        yield finding("no-signatures")
    if references := sum(graph.graph_ops[op] for op in _REFERENCE_VARIABLES):
        yield finding("reference-variables", count=references)
    runs = {name: graph.run(signature) for name, signature in signatures.items()}
    yield from _of_initialization(meta_graph, itertools.chain(*runs.values()), graph)
    parsed = graph.leading_to(EXAMPLE_OP)
    for name, signature in signatures.items():
        yield from _of_tensors(signature, graph)
        yield from _of_shapes(signature, meta_graph.signature_def[name])
        yield from _of_inputs(signature, parsed)
        yield from _of_run(signature, runs[name])


def _of_initialization(
    meta_graph: pb.MetaGraphDef, run: Iterable[NodeDef], graph: Graph
) -> Iterator[Finding]:
    left = initialization.left_out(meta_graph, run, graph)
    if left.slots:
        yield finding("optimizer-slots", count=left.slots)
    if left.tables:
        yield finding("table-in-collection", tables=listed(left.tables))
    if left.variables:
        yield finding("variables-not-restored", variables=listed(left.variables))


def _of_tensors(signature: Signature, graph: Graph) -> Iterator[Finding]:
    for side, spec in _specs(signature):
        where = {"signature": signature.name, "side": side, "name": spec.name}
        of_graph = graph.dtype(spec.ref)
        if not spec.ref:
            yield finding("no-plain-tensor", **where)
        elif spec.number not in dtypes.BY_NUMBER:
            yield finding("unnamed-dtype", **where, dtype=spec.dtype)
        elif of_graph is not None and of_graph != spec.number:
            name = dtypes.name_of_number(of_graph)
            yield finding("dtype-disagrees", **where, dtype=spec.dtype, of_graph=name)


def _of_shapes(signature: Signature, definition: pb.SignatureDef) -> Iterator[Finding]:
    for spec in signature.outputs:
        info = definition.outputs[spec.name]
        if info.name and spec.shape != () and not info.HasField("tensor_shape"):
            yield finding("shape-missing", signature=signature.name, name=spec.name)


def _specs(signature: Signature) -> Iterator[tuple[str, TensorSpec]]:
    yield from (("input", spec) for spec in signature.inputs)
    yield from (("output", spec) for spec in signature.outputs)


def _of_inputs(signature: Signature, parsed: Collection[str]) -> Iterator[Finding]:
    for spec in signature.inputs:
        where = {"signature": signature.name, "name": spec.name}
        if keyword.iskeyword(spec.name):
            yield finding("python-word", **where)
        if spec.optional:
            yield finding("default", **where)
        if spec.dtype == "BYTES" and node_of(spec.ref) in parsed:
            yield finding("takes-examples", **where)


def of_effects(signature: str, done: effects.Effects) -> Iterator[Finding]:
    """Say what a run of a signature does beside answering."""
    for field in fields(done):
        if field.name != "devices" and (ops := getattr(done, field.name)):
            yield finding(field.name.replace("_", "-"), signature=signature, ops=", ".join(ops))
    if done.devices:
        yield finding("named-device", signature=signature, devices=", ".join(done.devices))


def _of_run(signature: Signature, nodes: Sequence[NodeDef]) -> Iterator[Finding]:
    yield from of_effects(signature.name, effects.of_run(nodes))
    unfed = sorted(node.name for node in nodes if node.op == "Placeholder")
    # A sparse input is fed through placeholders that it does not name here.
    if unfed and all(spec.ref for spec in signature.inputs):
        yield finding("unfed-placeholder", signature=signature.name, names=listed(unfed))
