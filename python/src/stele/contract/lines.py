"""Fields and lines of the worker protocol: tab-separated, five escapes."""

from __future__ import annotations

import re

_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"}
_UNESCAPES = {escape: char for char, escape in _ESCAPES.items()}


def escape(field: str) -> str:
    """Write a field so that it holds no tab, line end or NUL."""
    return re.sub(r"[\\\t\n\r\0]", lambda match: _ESCAPES[match[0]], field)


def unescape(field: str) -> str:
    """Undo `escape`.

    Raises:
        ValueError: A backslash that begins none of the five escapes.
    """

    def replace(match: re.Match[str]) -> str:
        if match[0] not in _UNESCAPES:
            raise ValueError(f"unknown escape {match[0]!r} in field {field!r}")
        return _UNESCAPES[match[0]]

    return re.sub(r"\\.?", replace, field, flags=re.DOTALL)


def nul_in(name: str) -> str:
    """Say that a name or path holds a NUL, which no file system and no C string can."""
    return f'a name or path holds a NUL: "{name.replace(chr(0), chr(92) + "0")}"'


def format_line(*fields: str) -> str:
    """Make one line, without its line end."""
    return "\t".join(map(escape, fields))


def parse_line(line: str) -> list[str]:
    """Split one line into its fields."""
    return [unescape(field) for field in line.split("\t")]
