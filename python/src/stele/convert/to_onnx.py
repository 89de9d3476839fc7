"""SavedModel to ONNX, by tf2onnx."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import onnx
import tensorflow as tf
from onnx import TensorProto, helper
from tf2onnx import optimizer, tf_loader, tfonnx  # type: ignore[import-untyped]

from stele.contract import dtypes
from stele.contract.signature import TensorSpec
from stele.convert.source import NotConvertibleError, Source, converter_failed, unsupported_ops

# The newest that tf2onnx writes.
_OPSET = 18


def convert(source: Source, signature: str, out: Path, name: str) -> list[str]:
    """Write ``<name>.onnx``; return its name.

    Raises:
        NotConvertibleError: Naming the ops, where ops are what stands in the way.
    """
    model = _convert(source, signature)
    _compare("input", source.signature(signature).inputs, model.graph.input)
    _compare("output", source.signature(signature).outputs, model.graph.output)
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as error:
        raise converter_failed("tf2onnx wrote a model that is not valid", error) from error
    file = f"{name}.onnx"
    onnx.save(model, str(out / file))
    return [file]


def _convert(source: Source, signature: str) -> Any:  # noqa: ANN401 - onnx.ModelProto
    troubles = _Troubles()
    logger = logging.getLogger("tf2onnx")
    logger.addHandler(troubles)
    try:
        model = _run_tf2onnx(source, signature)
    except Exception as error:  # whatever it raises: there is no model
        if troubles.ops:
            raise unsupported_ops("ONNX (by tf2onnx)", troubles.ops) from error
        raise converter_failed("tf2onnx", error) from error
    finally:
        logger.removeHandler(troubles)
    # An op that it does not know it leaves in the model, and says so in its log alone.
    if troubles.ops:
        raise unsupported_ops("ONNX (by tf2onnx)", troubles.ops)
    return model


def _run_tf2onnx(source: Source, signature: str) -> Any:  # noqa: ANN401 - onnx.ModelProto
    # It renames tensors to what the signature calls them.
    graph_def, inputs, outputs, tables, names = tf_loader.from_saved_model(
        str(source.folder(signature)),
        None,
        None,
        tag=source.tags,
        signatures=[signature],
        return_initialized_tables=True,
        return_tensors_to_rename=True,
    )
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
        converted = tfonnx.process_tf_graph(
            graph,
            opset=_OPSET,
            input_names=inputs,
            output_names=outputs,
            tensors_to_rename=names,
            initialized_tables=tables,
        )
        return optimizer.optimize_graph(converted, catch_errors=False).make_model(signature)


class _Troubles(logging.Handler):
    """Collects the ops that tf2onnx complains of: its exceptions do not say them."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.ops: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Take the op out of one complaint."""
        found = re.search(r"Tensorflow op \[.*: (\w+)\]|OP=(\w+)", record.getMessage())
        if found:
            self.ops.add(found[1] or found[2])


def _compare(kind: str, specs: tuple[TensorSpec, ...], values: Any) -> None:  # noqa: ANN401
    """See that the model has the signature's names, dtypes and ranks."""
    declared = {value.name: value.type.tensor_type for value in values}
    if declared.keys() != {spec.name for spec in specs}:
        names = ", ".join(f'"{name}"' for name in declared) or "none"
        raise NotConvertibleError(f"tf2onnx wrote a model with the {kind}s {names}")
    for spec in specs:
        found = declared[spec.name]
        if found.elem_type != helper.np_dtype_to_tensor_dtype(dtypes.BY_NAME[spec.dtype].numpy):
            wrote = TensorProto.DataType.Name(found.elem_type)
            raise NotConvertibleError(
                f'tf2onnx makes {wrote} of {kind} "{spec.name}", which is {spec.dtype}'
            )
        rank = len(found.shape.dim) if found.HasField("shape") else None
        if spec.shape is not None and rank not in (None, len(spec.shape)):
            raise NotConvertibleError(
                f'tf2onnx makes rank {rank} of {kind} "{spec.name}", which has {len(spec.shape)}'
            )
