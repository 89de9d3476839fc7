"""Signatures of plain functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def traced(function: Callable[..., Any], **specs: tf.TensorSpec) -> Any:  # noqa: ANN401 - no public type
    """Trace a function for tensors of these dtypes and shapes, by name."""
    return tf.function(function).get_concrete_function(**specs)
