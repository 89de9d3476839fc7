"""The same task in two languages, side by side: the examples that the tests run."""

from __future__ import annotations

from collections.abc import Mapping

from stele.parity.binding import Binding


def sources(bindings: Mapping[str, Binding]) -> dict[str, str]:
    """Return the digits example of each binding that has one, in its whole length."""
    return {
        name: binding.code.read_text(encoding="utf-8")
        for name, binding in bindings.items()
        if binding.code is not None and not binding.comparator
    }
