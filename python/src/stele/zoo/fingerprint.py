"""Whether a trained model is still what its sources would give.

Read from installed metadata and files, for the answer must not cost an import of
TensorFlow.
"""

from __future__ import annotations

import hashlib
from importlib import metadata
from pathlib import Path
from typing import Any

from stele.zoo import Entry

_FOLDER = Path(__file__).parent
_SHARED = ("model", "layout", "fit", "export")
_TENSORFLOW = ("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "tf-nightly")


def fingerprint(entry: Entry) -> dict[str, Any]:
    """Return what decides how a model comes out, as it stands in ``metrics.json``."""
    return {"versions": _versions(entry), "source_hash": _source_hash(entry)}


def _source_hash(entry: Entry) -> str:
    """Return the SHA-256, in hexadecimal, of the files that make a model."""
    digest = hashlib.sha256()
    for module in (entry.name, *entry.builds_on, *_SHARED):
        digest.update(module.encode() + b"\0")
        digest.update((_FOLDER / f"{module}.py").read_bytes() + b"\0")
    return digest.hexdigest()


def _versions(entry: Entry) -> dict[str, str | None]:
    """Return the versions of what a model is made with; None for what is missing.

    Whichever distribution provides TensorFlow, its key is ``tensorflow``: the CPU
    wheel and the full one give the same model.
    """
    found = {name: _version(name) for name in ("keras", "numpy", *entry.data)}
    providers = (_version(name) for name in _TENSORFLOW)
    return {"tensorflow": next(filter(None, providers), None), **found}


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
