"""Reads ``bindings/contract/refusals.toml``: what every binding refuses, and how it says so."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stele import paths
from stele.contract.codes import Code, SteleError

# A byte that no UTF-8 has, as Python's text holds it.
NO_UTF8 = b"\xff".decode(errors="surrogateescape")

# Rows that `bad_input` makes; one more in the file is a promise that nobody keeps.
_MADE = {
    "load": frozenset({
        "missing-folder", "file-not-folder", "no-saved-model", "truncated-saved-model",
        "empty-saved-model", "garbage-saved-model", "wrong-tag", "missing-variables",
        "missing-variables-data", "truncated-variables-data", "truncated-variables-index",
        "flipped-variables-data",
        "unknown-config", "malformed-config", "unparseable-config",
    }),
    "run": frozenset({
        "missing-bundle", "missing-tensor-file", "too-few-fields", "negative-dimension",
        "overflowing-dimensions", "overflow-behind-zero", "dimension-beyond-64-bits",
        "dimension-not-a-number", "unknown-dtype", "short-file", "long-file", "wrong-nbytes",
        "bytes-framing", "bool-byte", "unknown-signature", "private-signature",
        "duplicate-input", "unknown-input", "unknown-input-twice", "missing-input",
        "wrong-dtype", "wrong-rank", "wrong-dimension", "wrong-dtype-and-rank",
        "wrong-first-and-last",
    }),
}  # fmt: skip

# Rows that stand in the file in full, and the key that each must have.
_LITERAL = {"bundle": "index", "request": "line"}
_KEYS = {
    "load": {"code", "names", "message"},
    "run": {"code", "names", "message"},
    "bundle": {"code", "names", "message", "index", "size", "data"},
    "request": {"code", "names", "message", "line"},
}


@dataclass(frozen=True)
class Refusal:
    """How a refusal reads, its words filled in.

    Attributes:
        code: The canonical code.
        names: What the message must name.
        message: The whole message; empty where its text is each language's own.
    """

    code: Code
    names: tuple[str, ...] = ()
    message: str = ""


@dataclass(frozen=True)
class Row:
    """One row, its ``{words}`` not yet filled in.

    Attributes:
        code: The canonical code.
        names: What the message must name.
        message: The whole message, or empty.
        text: The ``index`` of a bundle, the ``line`` of a request; empty for a row that is made.
        data: The bundle's ``0.bin``.
    """

    code: Code
    names: tuple[str, ...] = ()
    message: str = ""
    text: str = ""
    data: bytes = b""

    def fill(self, words: Mapping[str, str]) -> Refusal:
        """Return what the answer must be.

        Raises:
            KeyError: A word that is not there.
        """
        names = tuple(name.format_map(words) for name in self.names)
        return Refusal(self.code, names, self.message.format_map(words))


def rows(kind: str) -> dict[str, Row]:
    """Return the rows of one kind (``load``, ``run``, ``bundle``, ``request``), by name.

    Raises:
        SteleError: As `parse`.
    """
    return parse((paths.bindings_dir() / "contract" / "refusals.toml").read_text())[kind]


def parse(text: str) -> dict[str, dict[str, Row]]:
    """Read the text of ``refusals.toml``.

    Raises:
        SteleError: INVALID_ARGUMENT for a row or key that nobody plays, or one that is missing.
    """
    tables: dict[str, dict[str, dict[str, Any]]] = tomllib.loads(text)
    wrong = [
        *(f"{kind}: unknown" for kind in tables.keys() - _KEYS.keys()),
        *(f"{kind}: missing" for kind in _KEYS.keys() - tables.keys()),
    ]
    for kind, table in tables.items():
        if kind in _MADE:
            wrong += [f"{kind}.{name}: unknown or missing" for name in table.keys() ^ _MADE[kind]]
        if kind in _KEYS:
            wrong += [problem for name in table for problem in _problems(kind, name, table[name])]
    if wrong:
        raise SteleError(Code.INVALID_ARGUMENT, f"refusals.toml: {', '.join(sorted(wrong))}")
    return {
        kind: {name: _row(kind, row) for name, row in table.items()}
        for kind, table in tables.items()
    }


def _problems(kind: str, name: str, row: dict[str, Any]) -> list[str]:
    """Say which keys of a row are unknown, missing, or say nothing that can be tested."""
    needed = {"code"} | ({_LITERAL[kind]} if kind in _LITERAL else set())
    found = [f"{kind}.{name}.{key}: unknown" for key in row.keys() - _KEYS[kind]]
    found += [f"{kind}.{name}.{key}: missing" for key in needed - row.keys()]
    if row.get("code") not in Code.__members__ or row.get("code") == Code.OK.name:
        found.append(f"{kind}.{name}: {row.get('code')} is no code of an error")
    return found


def _row(kind: str, row: dict[str, Any]) -> Row:
    return Row(
        Code[row["code"]],
        tuple(row.get("names", [])),
        row.get("message", ""),
        row.get(_LITERAL.get(kind, ""), ""),
        bytes.fromhex(row["data"]) if "data" in row else b"\x09" * row.get("size", 4),
    )
