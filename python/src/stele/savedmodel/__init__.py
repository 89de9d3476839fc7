"""Reads SavedModels without TensorFlow.

`load_signatures` says what a model takes and gives, and `check_inputs` whether tensors
fit; the other files of this folder read the variables, the graph and the rest.
"""

from stele.contract.signature import (
    DEFAULT_SIGNATURE,
    DEFAULT_TAGS,
    Signature,
    TensorSpec,
    check_inputs,
    find_signature,
    format_shape,
)
from stele.savedmodel.file import (
    defaults,
    effects_of,
    graph_of,
    load,
    load_signatures,
    read,
    select,
    signatures,
)

__all__ = [
    "DEFAULT_SIGNATURE",
    "DEFAULT_TAGS",
    "Signature",
    "TensorSpec",
    "check_inputs",
    "defaults",
    "effects_of",
    "find_signature",
    "format_shape",
    "graph_of",
    "load",
    "load_signatures",
    "read",
    "select",
    "signatures",
]
