r"""What templates write as literals: text, strings of any bytes, numbers by their bits."""

from __future__ import annotations

from typing import Any

import numpy as np

from stele.contract import dtypes
from stele.contract.codes import Code, SteleError

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def text(value: str, special: str = "") -> str:
    r"""Return text as it stands between double quotes.

    Args:
        value: A name of a model.
        special: Letters that the language wants a backslash before, such as ``$``.

    Raises:
        SteleError: UNIMPLEMENTED for control characters, which languages write differently.
    """
    escapes = _ESCAPES | {char: f"\\{char}" for char in special}
    for char in value:
        if not (char.isprintable() or char in escapes):
            raise SteleError(
                Code.UNIMPLEMENTED, f"a name with U+{ord(char):04X} in it cannot be written"
            )
    return "".join(escapes.get(char, char) for char in value)


def octets(value: bytes, form: str = "\\x%02x", special: str = "") -> str:
    r"""Return bytes as they stand between double quotes.

    Args:
        value: Any bytes.
        form: How one that is no printable ASCII is written, such as ``\\%03o``.
        special: More bytes to write so.
    """
    kept = {char for char in range(0x20, 0x7F) if chr(char) not in '"\\' + special}
    return "".join(chr(octet) if octet in kept else form % octet for octet in value)


def plain(value: bytes) -> str:
    """Return bytes between double quotes where the language has text and no bytes.

    Raises:
        SteleError: UNIMPLEMENTED for what is no printable ASCII.
    """
    if not is_plain(value):
        raise SteleError(Code.UNIMPLEMENTED, "its strings are text, which an input of bytes is not")
    return octets(value)


def bits(value: complex, dtype: str) -> int:
    """Return the bits of a number as an unsigned integer, such as 0x3f80 for 1 in BF16."""
    number = np.asarray(value).astype(dtypes.BY_NAME[dtype].numpy)
    return int.from_bytes(number.tobytes(), "little")


def is_plain(value: bytes) -> bool:
    """Tell whether bytes are printable ASCII, and so the same text in every encoding."""
    return all(0x20 <= octet < 0x7F for octet in value)


FILTERS: dict[str, Any] = {"text": text, "octets": octets, "plain": plain, "bits": bits}
TESTS: dict[str, Any] = {"plain": is_plain}
