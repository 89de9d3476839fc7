"""What converters say, in words that a person can act on."""

from __future__ import annotations

import re

# What MLIR puts before its words: where in which graph, by the names of all callers.
_PLACE = re.compile(r"^(?:<unknown>:\d+: )?(?:error: )?(?:loc\(.*\): )?(?:error: )?")

_RECURRENT = (
    "an LSTM, GRU or other layer that goes step by step keeps a list that grows with the batch, "
    "which LiteRT has not; build the layer with unroll=True (and a fixed number of steps), and "
    "export the model again"
)


def useful_line(message: str) -> str:
    """Return the first line of a converter's message that says something, without its place."""
    lines = (_PLACE.sub("", line).strip() for line in message.splitlines())
    return next((line for line in lines if line), "no message")[:300]


def of_litert(message: str) -> str:
    """Return what a failure of LiteRT's converter means; empty when it is none that is known."""
    return _RECURRENT if "TensorListReserve" in message else ""
