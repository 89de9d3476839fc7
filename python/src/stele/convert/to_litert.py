"""SavedModel to LiteRT (``.tflite``), by TensorFlow's own converter."""

from __future__ import annotations

import re
from pathlib import Path

import tensorflow as tf

from stele.convert import messages
from stele.convert.source import NotConvertibleError, Source, converter_failed, unsupported_ops


def convert(source: Source, signature: str, out: Path, name: str) -> list[str]:
    """Write ``<name>.tflite``; return its name.

    Raises:
        NotConvertibleError: Naming the ops, where ops are what stands in the way.
    """
    converter = tf.lite.TFLiteConverter.from_saved_model(
        str(source.folder(signature)), signature_keys=[signature], tags=set(source.tags)
    )
    try:
        model = converter.convert()
    except Exception as error:  # whatever it raises: there is no model
        raise _explain(error) from error
    _compare(source, signature, model)
    file = f"{name}.tflite"
    (out / file).write_bytes(model)
    return [file]


def _explain(error: Exception) -> NotConvertibleError:
    text = str(error)
    if meaning := messages.of_litert(text):
        return NotConvertibleError(f"LiteRT: {meaning}")
    ops = re.findall(r"'tf\.(\w+)' op is neither a custom op nor a flex op", text)
    for names in re.findall(r"(?:Flex|Custom|Select) ops: ([\w, ]+)", text):
        ops += names.split(", ")
    return unsupported_ops("LiteRT", ops) if ops else converter_failed("LiteRT", error)


def _compare(source: Source, signature: str, model: bytes) -> None:
    """See that the model has the signature's names and dtypes."""
    runner = tf.lite.Interpreter(model_content=model).get_signature_runner(signature)
    wanted = source.signature(signature)
    for kind, specs, details in (
        ("input", wanted.inputs, runner.get_input_details()),
        ("output", wanted.outputs, runner.get_output_details()),
    ):
        for spec in specs:
            if spec.name not in details:
                raise NotConvertibleError(f'the LiteRT model has no {kind} "{spec.name}"')
            made = tf.as_dtype(details[spec.name]["dtype"])
            if made.as_datatype_enum != spec.number:
                raise NotConvertibleError(
                    f'LiteRT makes {made.name} of {kind} "{spec.name}", which is {spec.dtype}'
                )
