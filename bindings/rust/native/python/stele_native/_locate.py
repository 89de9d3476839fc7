"""Where the TensorFlow wheel of this environment is, without importing it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path


def wheel() -> str | None:
    """Return the folder of the tensorflow package if it has the C library."""
    try:
        spec = find_spec("tensorflow")
    except ValueError:  # Somebody put a module without a spec there.
        return None
    folders = spec.submodule_search_locations if spec else None
    # Windows and macOS name it differently: any of its libraries will do.
    wheels = (folder for folder in folders or () if any(Path(folder).glob("libtensorflow_cc.*")))
    return next(wheels, None)
