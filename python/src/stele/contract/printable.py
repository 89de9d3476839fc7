"""Foreign text on a terminal or in a log: names of models and signatures, messages."""

from __future__ import annotations

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: str) -> str:
    r"""Return text on one line, in which nothing acts on a terminal.

    Whatever is not printable (escape sequences, line ends, marks that turn the direction
    of writing, lone surrogates) is written as Python writes it: ``\x1b``, ``\n``,
    ``\u202e``.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _written(char) for char in text)


def one_line(message: str, longest: int = 300) -> str:
    """Return a message without line ends, and not longer than a person reads."""
    text = " ".join(message.split())
    return text if len(text) <= longest else f"{text[:longest]}…"


def printable_lines(text: str) -> str:
    """Return text whose lines stay lines, and in which nothing else acts on a terminal."""
    return "\n".join(printable(line) for line in text.split("\n"))


def _written(char: str) -> str:
    number = ord(char)
    if char in _SHORT:
        return _SHORT[char]
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
