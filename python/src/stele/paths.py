"""Where things are: the checkout, the folder for everything generated, models."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from stele.contract.codes import Code, SteleError

_MARK = Path("bindings") / "contract" / "PROTOCOL.md"


@cache
def repo_root() -> Path:
    """Return the stele checkout: ``STELE_HOME``, this package's, or one above the cwd.

    Raises:
        SteleError: FAILED_PRECONDITION, outside of a checkout.
    """
    home = os.environ.get("STELE_HOME")
    candidates = (
        [Path(home)] if home else [*Path(__file__).parents, Path.cwd(), *Path.cwd().parents]
    )
    for candidate in candidates:
        if (candidate / _MARK).is_file():
            return candidate.resolve()
    raise SteleError(
        Code.FAILED_PRECONDITION,
        "the bindings live in the stele checkout and none was found; "
        "run this inside it, or set STELE_HOME to its folder",
    )


def build_dir() -> Path:
    """Return the folder for everything generated (``STELE_BUILD``, or ``build/``)."""
    chosen = os.environ.get("STELE_BUILD")
    return Path(chosen).resolve() if chosen else repo_root() / "build"


def models_dir() -> Path:
    """Return the folder of trained zoo models."""
    return build_dir() / "models"


def bindings_dir() -> Path:
    """Return the folder that has one subfolder for each binding."""
    return repo_root() / "bindings"
