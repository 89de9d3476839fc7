"""Maps a signature's names to what a Keras model in memory takes and gives.

`Model.export` names inputs after the model's ``Input`` tensors (a subclassed model's
``args_0``), and outputs after the keys of a dictionary, else ``output_0``, ``output_1``, …
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from stele.contract.codes import Code, SteleError
from stele.contract.signature import Signature, listed

# Names that Keras makes up: another process counts on from another number.
_MADE_UP = re.compile(r"(?:keras_tensor|args)(?:_(\d+))?")


def arguments(model: Any, signature: Signature) -> Callable[[Mapping[str, Any]], Any]:  # noqa: ANN401
    """Return what makes the model's argument of a signature's inputs by name.

    Args:
        model: A ``keras.Model``.
        signature: That its export has.

    Raises:
        SteleError: FAILED_PRECONDITION when the inputs cannot be told apart.
    """
    names = [spec.name for spec in signature.inputs]
    if len(names) == 1 and not _structured(model):
        return lambda inputs: inputs[names[0]]
    structure = getattr(model, "_inputs_struct", None)
    if structure is None:
        raise _unmatched(names, "the model does not say what it takes")
    import keras

    tensors = [tensor.name for tensor in keras.tree.flatten(structure)]
    by_tensor = match(tensors, names)

    def nested(inputs: Mapping[str, Any]) -> Any:  # noqa: ANN401
        return keras.tree.map_structure(lambda tensor: inputs[by_tensor[tensor.name]], structure)

    return nested


def _structured(model: Any) -> bool:  # noqa: ANN401
    """Tell whether a model takes a list or a dictionary of tensors, if only of one."""
    return isinstance(getattr(model, "_inputs_struct", None), (list, tuple, dict))


def match(tensors: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """Return the signature's name of each tensor of a model: the same, or the same in order.

    Args:
        tensors: Names of the model's inputs.
        names: Names of the signature's.

    Raises:
        SteleError: FAILED_PRECONDITION when neither fits.
    """
    if set(tensors) == set(names):
        return {name: name for name in tensors}
    if len(tensors) != len(names):
        raise _unmatched(names, f"the model takes {listed(sorted(tensors))}")
    named = set(tensors) & set(names)
    rest = [[name for name in side if name not in named] for side in (tensors, names)]
    if not all(_MADE_UP.fullmatch(name) for side in rest for name in side):
        raise _unmatched(names, f"the model takes {listed(sorted(tensors))}")
    pairs = zip(*(sorted(side, key=_number) for side in rest), strict=True)
    return {name: name for name in named} | dict(pairs)


def _number(name: str) -> int:
    found = _MADE_UP.fullmatch(name)
    return int(found[1] or 0) if found else 0


def outputs(value: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return what a model gave by the names that its export has."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (list, tuple)):
        return {f"output_{index}": one for index, one in enumerate(value)}
    return {"output_0": value}


def _unmatched(names: Sequence[str], why: str) -> SteleError:
    return SteleError(
        Code.FAILED_PRECONDITION,
        f"the inputs of the export, {listed(sorted(names))}, "
        f"are not those of the Keras model: {why}",
    )
