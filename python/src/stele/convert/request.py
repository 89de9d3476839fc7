"""What is asked of a conversion."""

from __future__ import annotations

from dataclasses import dataclass

from stele.convert.formats import Format
from stele.parity.case import Target


@dataclass(frozen=True)
class Request:
    """What to convert.

    Attributes:
        target: The model.
        format: To which format.
        signature: Only this one; None for all.
        batch: A size for every unknown leading dimension, for runtimes that want
            fixed shapes; None to leave them unknown.
    """

    target: Target
    format: Format
    signature: str | None = None
    batch: int | None = None
