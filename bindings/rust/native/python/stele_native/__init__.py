"""Run TensorFlow SavedModels without importing TensorFlow.

    from stele_native import Model

    model = Model("path/to/saved_model")
    outputs = model(image=images)  # numpy arrays in, a dict of numpy arrays out

`Model` finds libtensorflow in the wheel of this environment; importing
TensorFlow, before or after, is possible and not needed.
"""

import atexit

from stele_native._native import (
    Model,
    Runner,
    __version__,
    _wait_for_calls,
    tensorflow_version,
)
from stele_native._signature import Signature, TensorSpec
from stele_native.errors import (
    Code,
    InvalidTypeError,
    InvalidValueError,
    NotFoundError,
    SteleError,
)

__all__ = [
    "Code",
    "InvalidTypeError",
    "InvalidValueError",
    "Model",
    "NotFoundError",
    "Runner",
    "Signature",
    "SteleError",
    "TensorSpec",
    "__version__",
    "tensorflow_version",
]

# A run in a daemon thread would be in the middle of what the process takes apart.
atexit.register(_wait_for_calls)
