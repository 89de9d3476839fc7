"""Signatures, and the checks that every client makes before TensorFlow is called.

``bindings/contract/PROTOCOL.md`` asks for them because TensorFlow 2.21 aborts on some wrong
ranks and answers silently on some wrong dimensions.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from stele.contract import dtypes
from stele.contract.bundle import Tensors
from stele.contract.codes import Code, SteleError

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
    """

    name: str
    number: int
    shape: Shape
    ref: str

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


def find_signature(there: Mapping[str, Signature], name: str) -> Signature:
    """Return a signature that this protocol can run.

    Raises:
        SteleError: NOT_FOUND, naming those there; UNIMPLEMENTED when one of its
            tensors is sparse, composite, or of a dtype without a name.
    """
    if name not in there:
        names = ", ".join(f'"{other}"' for other in there) or "none"
        raise SteleError(Code.NOT_FOUND, f'no signature "{name}"; this model has {names}')
    signature = there[name]
    for kind, specs in (("input", signature.inputs), ("output", signature.outputs)):
        for spec in specs:
            if not spec.ref:
                raise SteleError(
                    Code.UNIMPLEMENTED, f'{kind} "{spec.name}" is a sparse or composite tensor'
                )
            if spec.number not in dtypes.BY_NUMBER:
                raise SteleError(
                    Code.UNIMPLEMENTED,
                    f'{kind} "{spec.name}" has dtype {spec.dtype}, which has no form here',
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
    specs = {spec.name: spec for spec in signature.inputs}
    names = [name for name, _ in inputs]
    for name in names:
        if names.count(name) > 1:
            raise _invalid(f'input "{name}" is given twice')
    for name in names:
        if name not in specs:
            there = ", ".join(f'"{other}"' for other in specs) or "none"
            raise _invalid(f'no input "{name}"; signature "{signature.name}" has {there}')
    for name in specs:
        if name not in names:
            raise _invalid(f'input "{name}" of signature "{signature.name}" is missing')
    for name, array in inputs:
        spec = specs[name]
        given = dtypes.of(array).name
        if given != spec.dtype:
            raise _invalid(f'input "{name}" has dtype {given}, expected {spec.dtype}')
        if not fits(spec.shape, array.shape):
            raise _invalid(
                f'input "{name}" has shape {format_shape(array.shape)}, '
                f"expected {format_shape(spec.shape)}"
            )


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


def format_tags(tags: Collection[str]) -> str:
    """Write a set of tags for people: ``{gpu,serve}``."""
    return "{" + ",".join(sorted(tags)) + "}"
