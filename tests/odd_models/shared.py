"""What the tests of all languages read."""

from __future__ import annotations

from pathlib import Path

from tests.odd_models import damaged, functions, graphs, sessions

MODELS = functions.MODELS | sessions.MODELS | graphs.MODELS | damaged.MODELS


def make(folder: Path) -> None:
    # The damaged ones are copies of those before them.
    for name, save in MODELS.items():
        save(folder / name)
