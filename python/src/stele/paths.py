"""Where things are: the checkout, the folder for everything generated, models."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

from stele.contract.codes import Code, SteleError

_MARK = Path("bindings") / "contract" / "PROTOCOL.md"
_URL = re.compile(r"(gs|s3|hdfs|https?):/+(.*)", re.DOTALL)


def of_model(text: str) -> Path:
    """Return the path of a model as a person names it: ``file://`` may stand before it."""
    return Path(text.removeprefix("file://"))


def url(path: Path) -> str | None:
    """Return the URL that was given for a path, which keeps one slash of its two; None for none."""
    found = _URL.fullmatch(str(path))
    return f"{found[1]}://{found[2]}" if found else None


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


def bindings_roots() -> tuple[Path, ...]:
    """Return the folders of bindings: the checkout's, then those of ``STELE_BINDINGS``.

    Raises:
        SteleError: NOT_FOUND when one of them is no folder.
    """
    more = [Path(text) for text in os.environ.get("STELE_BINDINGS", "").split(os.pathsep) if text]
    for folder in more:
        if not folder.is_dir():
            raise SteleError(Code.NOT_FOUND, f'STELE_BINDINGS: "{folder}" is no folder')
    return (bindings_dir(), *(folder.resolve() for folder in more))
