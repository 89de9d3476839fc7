"""SavedModel to a SavedModel whose variables are constants: nothing is restored, more is folded."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf
from tensorflow.python.framework import convert_to_constants

from stele.convert.source import NotConvertibleError, Source, converter_failed

v1 = tf.compat.v1


def convert(source: Source, signature: str, out: Path, name: str) -> list[str]:
    """Write the folder ``<name>``, a SavedModel with this signature; return its file.

    Raises:
        NotConvertibleError: What the signature reads is more than constants: a lookup
            table, or variables that it writes.
    """
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        loaded = v1.saved_model.load(session, source.tags, str(source.folder(signature)))
        definition = loaded.signature_def[signature]
        outputs = [tensor.name.partition(":")[0] for tensor in definition.outputs.values()]
        try:
            constant = convert_to_constants.convert_variables_to_constants_from_session_graph(
                session, graph.as_graph_def(), outputs
            )
        except Exception as error:  # whatever it raises: there is no model
            raise converter_failed("freezing", error) from error
    _refuse_state(constant)
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        tf.import_graph_def(constant, name="")
        builder = v1.saved_model.Builder(str(out / name))
        builder.add_meta_graph_and_variables(session, source.tags, {signature: definition})
        builder.save()
    return [f"{name}/saved_model.pb"]


def _refuse_state(graph: tf.compat.v1.GraphDef) -> None:
    """Refuse what would have to be initialized: a frozen graph has nobody to do it."""
    nodes = [*graph.node, *(node for fn in graph.library.function for node in fn.node_def)]
    state = {node.op for node in nodes if node.op.startswith(("VarHandle", "HashTable", "Mutable"))}
    if state:
        raise NotConvertibleError(f"not all of it is constant: {', '.join(sorted(state))}")
