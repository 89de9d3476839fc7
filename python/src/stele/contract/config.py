"""Session configuration: a serialized ConfigProto, or one of the named profiles.

All but ``python`` change where ops run, and no bit but one kind: TensorFlow 2.21 flushes
subnormal numbers to zero in the threads of its pool and not in the caller's, so
that ``inline`` and ``single`` may keep a subnormal where ``default`` gives zero.
"""

from __future__ import annotations

import re

from stele.contract.codes import Code, SteleError

# Written out so that no TensorFlow is needed: a field's key is its number << 3
# plus its wire type (tensorflow/core/protobuf/config.proto).
_EXECUTOR = b"SINGLE_THREADED_EXECUTOR"
_EXPERIMENTAL = b"\x1a" + bytes([len(_EXECUTOR)]) + _EXECUTOR  # executor_type = 3
# allow_soft_placement = 7: an op whose device is not there runs on the CPU.
_SOFT = b"\x38\x01"

PROFILES: dict[str, bytes] = {
    # TensorFlow's own.
    "default": _SOFT,
    # inter_op_parallelism_threads = 5, value -1: ops run in the caller's thread.
    "inline": b"\x28" + b"\xff" * 9 + b"\x01" + _SOFT,
    # experimental = 16: no scheduling between ops at all.
    "single": _SOFT + b"\x82\x01" + bytes([len(_EXPERIMENTAL)]) + _EXPERIMENTAL,
    # graph_options = 10, rewrite_options = 10, disable_meta_optimizer = 19: the graph
    # as it was written, with the bits of the function in Python.
    "python": _SOFT + b"\x52\x05\x52\x03\x98\x01\x01",
}


def parse(text: str) -> bytes:
    """Return the serialized ConfigProto of a profile's name or ``hex:<digits>``.

    Raises:
        SteleError: INVALID_ARGUMENT for neither.
    """
    if text in PROFILES:
        return PROFILES[text]
    if text.startswith("hex:"):
        # bytes.fromhex would skip blanks.
        if not re.fullmatch(r"(?:[0-9A-Fa-f]{2})*", text[4:]):
            raise SteleError(
                Code.INVALID_ARGUMENT, f'config "{text}" is not an even number of hex digits'
            )
        return bytes.fromhex(text[4:])
    known = ", ".join(f'"{name}"' for name in sorted(PROFILES))
    raise SteleError(Code.INVALID_ARGUMENT, f'no profile "{text}"; there are {known}')
