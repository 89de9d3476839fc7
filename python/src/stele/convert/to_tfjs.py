"""SavedModel to a TensorFlow.js graph model, by tensorflowjs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stele.convert import tensorflowjs
from stele.convert.source import Source, converter_failed, unsupported_ops

_UNSUPPORTED = "Unsupported Ops"

# What freezing takes out of a graph.
_FROZEN = {"Placeholder", "ReadVariableOp", "VarHandleOp", "PartitionedCall"}


def convert(source: Source, signature: str, out: Path, name: str) -> list[str]:
    """Write the folder ``<name>``; return its files, ``model.json`` first.

    Raises:
        NotConvertibleError: Naming the ops, where ops are what stands in the way.
    """
    converter = tensorflowjs.import_converter()
    folder = out / name
    try:
        converter.convert_tf_saved_model(
            str(source.folder(signature)),
            str(folder),
            signature_def=signature,
            saved_model_tags=",".join(source.tags),
        )
    except Exception as error:  # whatever it raises: there is no model
        first, *ops = str(error).splitlines() or [""]
        if first.startswith(_UNSUPPORTED):
            raise unsupported_ops("TensorFlow.js", ", ".join(ops).split(", ")) from error
        unknown = _unknown_ops(converter, source, signature)
        if unknown:
            raise unsupported_ops("TensorFlow.js", unknown) from error
        raise converter_failed("tensorflowjs", error) from error
    _name_tensors(folder / "model.json", source.function(signature))
    weights = sorted(file.name for file in folder.glob("*.bin"))
    return [f"{name}/{file}" for file in ("model.json", *weights)]


def _name_tensors(file: Path, function: Any) -> None:  # noqa: ANN401 - a ConcreteFunction
    """Give inputs and outputs the signature's names.

    The converter finds names by dtype and shape, and where two tensors have the same,
    it leaves them the names that they have in the graph.
    """
    model = json.loads(file.read_text())
    inputs = {f"{name}:0": name for name in function.structured_input_signature[1]}
    outputs = {
        f"Identity_{place}:0" if place else "Identity:0": name
        for place, name in enumerate(sorted(function.structured_outputs))
    }
    for side, names in (("inputs", inputs), ("outputs", outputs)):
        found = model["signature"][side].items()
        model["signature"][side] = {names.get(key, key): info for key, info in found}
    file.write_text(json.dumps(model))


def _unknown_ops(converter: Any, source: Source, signature: str) -> set[str]:  # noqa: ANN401
    """Return the ops that TensorFlow.js has no kernel for, of a graph it did not get to."""
    graph = source.function(signature).graph.as_graph_def()
    unknown: set[str] = converter.validate(graph, False, False)
    return unknown - _FROZEN
