"""Everything that there is to find in a SavedModel: a table of texts and remedies."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind of finding.

    Attributes:
        text: For people; ``{words}`` stand for what the model says.
        remedy: What a person can do about it; empty where there is nothing to do.
        fatal: Whether TensorFlow would not load the model, or without its values.
    """

    text: str
    remedy: str = ""
    fatal: bool = False


# The keys are for programs: one that was published stays.
KINDS = {
    # The files.
    "variables-missing": Kind("{problem}", fatal=True),
    "variables-damaged": Kind("{problem}", fatal=True),
    "asset-missing": Kind('an asset is missing: no "{path}"', fatal=True),
    "asset-unread": Kind('an asset is missing: no "{path}"; no op reads it'),
    "path-is-pattern": Kind(
        'TensorFlow takes the path "{path}" for a pattern, and finds no variables',
        "give the folder a name without [, * and ?",
        fatal=True,
    ),
    # How it was saved.
    "tags": Kind(
        "no MetaGraphDef has the tags {{serve}} that loaders ask for unless told otherwise; "
        "there is {tags}",
        "name the tags when loading: --tags",
    ),
    "no-signatures": Kind(
        "there is no signature to call", "give tf.saved_model.save some: signatures=…"
    ),
    "reference-variables": Kind(
        "{count} reference variables (TensorFlow 1): tf.saved_model.load gives no access to them, "
        "a session runs them"
    ),
    "optimizer-slots": Kind(
        "a Keras 2 optimizer was saved with the model ({count} slot variables): "
        "tf.saved_model.load cannot restore it, sessions run it",
        "to load it in Python, save it again without the optimizer: model.export(), or "
        "include_optimizer=False in Keras 2",
    ),
    "table-in-collection": Kind(
        "the tables {tables} are initialized only by the graph's collection, which a session does "
        "not run",
        "save the model again with the tables' initializer as its main_op",
    ),
    "variables-not-restored": Kind(
        "the variables {variables} get a value from nothing in the graph, as with a Keras 3 model "
        "written by tf.saved_model.save: a session does not find them",
        "write it with model.export()",
    ),
    "unknown-op": Kind(
        "the op {op} is none of TensorFlow {tensorflow}, which is installed here",
        "load the library that has it first, or use the TensorFlow that wrote the model",
    ),
    # What callers see of a signature.
    "no-plain-tensor": Kind(
        'signature "{signature}": {side} "{name}" is a sparse or composite tensor',
        "export a signature that takes and gives plain tensors",
    ),
    "unnamed-dtype": Kind(
        'signature "{signature}": {side} "{name}" has dtype {dtype}, which clients cannot pass on'
    ),
    "dtype-disagrees": Kind(
        'signature "{signature}": {side} "{name}" has dtype {dtype}, and its tensor in the graph '
        "{of_graph}: runs are refused",
        "save the model again with a signature made from its tensors",
    ),
    "shape-missing": Kind(
        'signature "{signature}": output "{name}" has no tensor_shape: tf.saved_model.load takes '
        "it for a scalar, sessions run it",
        "to load it in Python, save it again with a TensorInfo of "
        "tf.compat.v1.saved_model.build_tensor_info",
    ),
    "python-word": Kind(
        'signature "{signature}": input "{name}" is a word of Python\'s, which a signature in '
        "Python cannot take; sessions run it",
        "rename the input to call it from Python",
    ),
    "default": Kind('signature "{signature}": input "{name}" has a default, and may be left out'),
    "takes-examples": Kind(
        'signature "{signature}": input "{name}" is parsed as serialized tf.Example: other bytes '
        "are refused"
    ),
    "unfed-placeholder": Kind(
        'signature "{signature}" needs a value for {names}, which is none of its inputs: it cannot '
        "run as it is"
    ),
    # What a run does.
    "random": Kind(
        'signature "{signature}" draws random numbers ({ops}): two calls with the same input may '
        "differ"
    ),
    "writes-variables": Kind(
        'signature "{signature}" writes variables or tables ({ops}): what it answers, and what '
        "others answer, depends on the calls before"
    ),
    "writes-files": Kind('signature "{signature}" writes files ({ops})'),
    "reads-files": Kind('signature "{signature}" reads files ({ops})'),
    "runs-python": Kind(
        'signature "{signature}" calls Python ({ops}): it runs only in the process that made it',
        "export the model without tf.py_function and tf.numpy_function",
    ),
    "named-device": Kind(
        'signature "{signature}" names devices ({devices}): where there are none, it runs only '
        "with allow_soft_placement, which every profile of stele has"
    ),
}
