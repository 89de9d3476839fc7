"""What a person should know about a SavedModel before running it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from stele.contract import dtypes
from stele.contract.signature import DEFAULT_TAGS, Signature, TensorSpec, format_tags
from stele.savedmodel.graph import Graph, node_of

# Ops that draw random numbers. Those with Stateless in their name give what their
# seed gives, but models (Keras' among them) make the seed from a variable that
# each call changes.
RANDOM_OP = re.compile(
    r"""
    (Stateful | Stateless | Risc)?
    ( Random (Binomial | Crop | Gamma | Normal | Poisson | Shuffle | StandardNormal)
    | (Random)? Uniform (Int | FullInt)?
    | (Parameterized)? TruncatedNormal
    | Multinomial | SampleDistortedBoundingBox | Shuffle | StandardNormal
    ) (V\d)?
    | \w+CandidateSampler
    | XlaRngBitGenerator
    """,
    re.VERBOSE,
)

_EXAMPLE_OP = re.compile(r"Parse(Single)?(Sequence)?Example(V2)?")

_REFERENCE_VARIABLES = ("Variable", "VariableV2")


@dataclass(frozen=True)
class Finding:
    """One thing to know.

    Attributes:
        kind: For programs; stable.
        message: For people.
        fatal: Whether TensorFlow would not load the model, or without its values.
    """

    kind: str
    message: str
    fatal: bool = False


def of_tags(tag_sets: Sequence[Collection[str]]) -> list[Finding]:
    """Say that a default load fails, from the tags of all MetaGraphDefs."""
    if any(set(tags) == set(DEFAULT_TAGS) for tags in tag_sets):
        return []
    there = ", ".join(format_tags(tags) for tags in tag_sets)
    return [
        Finding(
            "tags",
            f"no MetaGraphDef has the tags {format_tags(DEFAULT_TAGS)} that loaders ask for "
            f"unless told otherwise; there is {there}",
        )
    ]


def of_meta_graph(signatures: Mapping[str, Signature], graph: Graph) -> list[Finding]:
    """Say what to know about one MetaGraphDef."""
    found = []
    if not signatures:
        found.append(Finding("no-signatures", "there is no signature to call"))
    references = sum(graph.graph_ops[op] for op in _REFERENCE_VARIABLES)
    if references:
        found.append(
            Finding(
                "reference-variables",
                f"{references} reference variables (TensorFlow 1): tf.saved_model.load gives no "
                "access to them, a session runs them",
            )
        )
    parsed = graph.leading_to(_EXAMPLE_OP)
    for signature in signatures.values():
        found += _of_tensors(signature)
        found += _of_examples(signature, parsed)
        found += _of_run(signature, graph)
    return found


def _of_tensors(signature: Signature) -> Iterator[Finding]:
    for kind, spec in _specs(signature):
        where = f'signature "{signature.name}": {kind} "{spec.name}"'
        if not spec.ref:
            yield Finding("no-plain-tensor", f"{where} is a sparse or composite tensor")
        elif spec.number not in dtypes.BY_NUMBER:
            yield Finding(
                "unnamed-dtype", f"{where} has dtype {spec.dtype}, which clients cannot pass on"
            )


def _specs(signature: Signature) -> Iterator[tuple[str, TensorSpec]]:
    yield from (("input", spec) for spec in signature.inputs)
    yield from (("output", spec) for spec in signature.outputs)


def _of_examples(signature: Signature, parsed: Collection[str]) -> Iterator[Finding]:
    for spec in signature.inputs:
        if spec.dtype == "BYTES" and node_of(spec.ref) in parsed:
            yield Finding(
                "takes-examples",
                f'signature "{signature.name}": input "{spec.name}" is parsed as serialized '
                "tf.Example: other bytes are refused",
            )


def _of_run(signature: Signature, graph: Graph) -> Iterator[Finding]:
    inputs = [spec.ref for spec in signature.inputs if spec.ref]
    outputs = [spec.ref for spec in signature.outputs if spec.ref]
    nodes = list(graph.run_by(outputs, inputs))
    random = sorted({node.op for node in nodes if RANDOM_OP.fullmatch(node.op)})
    if random:
        yield Finding(
            "random",
            f'signature "{signature.name}" draws random numbers ({", ".join(random)}): '
            "two calls with the same input may differ",
        )
    unfed = sorted(node.name for node in nodes if node.op == "Placeholder")
    # A sparse input is fed through placeholders that it does not name here.
    if unfed and all(spec.ref for spec in signature.inputs):
        names = ", ".join(f'"{name}"' for name in unfed)
        yield Finding(
            "unfed-placeholder",
            f'signature "{signature.name}" needs a value for {names}, which is none of its '
            "inputs: it cannot run as it is",
        )
