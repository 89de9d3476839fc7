"""Signatures, and the checks that every client makes before TensorFlow is called.

``bindings/contract/PROTOCOL.md`` asks for them because TensorFlow 2.21 aborts on some wrong
ranks and answers silently on some wrong dimensions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from stele.contract import dtypes
from stele.contract.bundle import Tensors
from stele.contract.codes import Code, SteleError
from stele.contract.dtypes import Array

DEFAULT_SIGNATURE = "serving_default"
DEFAULT_TAGS = ("serve",)

Shape = tuple[int | None, ...] | None


@dataclass(frozen=True)
class TensorSpec:
    """One input or output of a signature.

    Attributes:
        name: The name callers use.
        number: tensorflow.DataType by number.
        shape: Dimensions, None where unknown; None when even the rank is.
        ref: The graph's tensor, ``op:index``; empty when sparse or composite.
        optional: Whether the SignatureDef has a default for this input.
    """

    name: str
    number: int
    shape: Shape
    ref: str
    optional: bool = False

    @property
    def dtype(self) -> str:
        """The protocol's dtype name, or ``TF_<number>``."""
        return dtypes.name_of_number(self.number)


@dataclass(frozen=True)
class Signature:
    """One way to call a model; inputs and outputs are sorted by name."""

    name: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    method: str


def find_signature(signatures: Mapping[str, Signature], name: str) -> Signature:
    """Return a signature that this protocol can run.

    Raises:
        SteleError: NOT_FOUND, naming those that there are; UNIMPLEMENTED when one of its
            tensors is sparse, composite, or of a dtype without a name.
    """
    if name not in signatures:
        names = listed(signatures)
        raise SteleError(Code.NOT_FOUND, f'no signature "{name}"; this model has {names}')
    signature = signatures[name]
    for kind, specs in (("input", signature.inputs), ("output", signature.outputs)):
        for spec in specs:
            if not spec.ref:
                raise SteleError(
                    Code.UNIMPLEMENTED,
                    f'{kind} "{spec.name}" of signature "{name}" is sparse or composite',
                )
            if spec.number not in dtypes.BY_NUMBER:
                raise SteleError(
                    Code.UNIMPLEMENTED,
                    f'{kind} "{spec.name}" of signature "{name}" has dtype {spec.dtype}',
                )
    return signature


def check_inputs(signature: Signature, inputs: Tensors) -> None:
    """Refuse inputs that do not fit the signature, in the protocol's order.

    Args:
        signature: What to fit.
        inputs: Names and arrays; a name may wrongly occur twice.

    Raises:
        SteleError: INVALID_ARGUMENT, naming the input and both sides.
    """
    check_names(signature, [name for name, _ in inputs])
    given = dict(inputs)
    for spec in signature.inputs:
        if spec.name in given:
            _check_input(spec, given[spec.name])


def check_names(signature: Signature, names: Sequence[str]) -> None:
    """Refuse names that are not those of the signature's inputs, each once.

    Raises:
        SteleError: INVALID_ARGUMENT, naming the first given twice, unknown, or missing.
    """
    given: set[str] = set()
    for name in names:
        if name in given:
            raise _invalid(f'input "{name}" is given twice')
        given.add(name)
    known = {spec.name for spec in signature.inputs}
    for name in names:
        if name not in known:
            names = listed(spec.name for spec in signature.inputs)
            raise _invalid(f'no input "{name}"; signature "{signature.name}" has {names}')
    for spec in signature.inputs:
        if spec.name not in given and not spec.optional:
            raise _invalid(f'input "{spec.name}" of signature "{signature.name}" is missing')


def _check_input(spec: TensorSpec, array: Array) -> None:
    dtype = dtypes.of(array).name
    if dtype != spec.dtype:
        raise _invalid(f'input "{spec.name}" has dtype {dtype}, expected {spec.dtype}')
    if not fits(spec.shape, array.shape):
        raise _invalid(
            f'input "{spec.name}" has shape {format_shape(array.shape)}, '
            f"expected {format_shape(spec.shape)}"
        )


def listed(names: Iterable[str]) -> str:
    """Return names as messages list them: in quotes, or ``none``."""
    return ", ".join(f'"{name}"' for name in names) or "none"


def fits(spec: Shape, shape: Sequence[int]) -> bool:
    """Tell whether a tensor's shape has the rank and the known dimensions of a spec."""
    if spec is None:
        return True
    return len(spec) == len(shape) and all(
        known is None or known == given for known, given in zip(spec, shape, strict=True)
    )


def _invalid(message: str) -> SteleError:
    return SteleError(Code.INVALID_ARGUMENT, message)


def format_shape(shape: Shape) -> str:
    """Write a shape for people: ``[?,8,8,1]``, or ``unknown rank``."""
    if shape is None:
        return "unknown rank"
    return "[" + ",".join("?" if dim is None else str(dim) for dim in shape) + "]"


def parse_tags(text: str) -> frozenset[str]:
    """Read a set of tags: ``gpu,serve``; the empty text is the empty set."""
    return frozenset(text.split(",")) if text else frozenset()


def format_tags(tags: Collection[str]) -> str:
    """Write a set of tags for people: ``{gpu,serve}``."""
    return "{" + ",".join(sorted(tags)) + "}"
