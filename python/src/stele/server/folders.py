"""What a model is called whose folder is all that is known."""

from __future__ import annotations

from pathlib import Path


def model_name(folder: Path) -> str:
    """Return what a model is called if nobody said: its folder, or the one above.

    ``digits``, ``digits/saved_model`` and ``digits/3`` are all called digits.
    """
    path = folder.resolve()
    if path.name == "saved_model" or (path.name.isascii() and path.name.isdigit()):
        path = path.parent
    return path.name
