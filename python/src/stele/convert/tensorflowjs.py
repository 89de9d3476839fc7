"""Where the Python package tensorflowjs is, and how its converter is imported.

Version 4.22, the last one, asks for packages that its SavedModel converter never
calls (decision forests, TensorFlow Hub, JAX, Flax, tf_keras), and some of them for
an older TensorFlow. So it gets a folder of its own, without what it asks for
(`make -C bindings/js/web converter`), and its converter is imported alone.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

from stele import paths
from stele.contract.codes import Code, SteleError

NAME = "tensorflowjs"

# Imported at the top of the converter, used for models that are not SavedModels.
_NEVER_CALLED = ("tensorflow_decision_forests", "tensorflow_hub")


@dataclass(frozen=True)
class Package:
    """The package: the folder that holds it, and its version."""

    folder: Path
    version: str


def find() -> Package:
    """Find the package: installed beside this one, or in ``build/envs/tfjs``.

    Raises:
        SteleError: FAILED_PRECONDITION when there is none, saying how to get it.
    """
    searched = list(sys.path)
    with contextlib.suppress(SteleError):  # outside of a checkout
        searched.append(str(paths.build_dir() / "envs" / "tfjs"))
    for distribution in metadata.distributions(name=NAME, path=searched):
        return Package(Path(str(distribution.locate_file(""))), distribution.version)
    raise SteleError(
        Code.FAILED_PRECONDITION,
        "conversion to TensorFlow.js needs the Python package tensorflowjs; install with: "
        "make -C bindings/js/web converter",
    )


def import_converter() -> Any:  # noqa: ANN401 - a module without types
    """Import the converter of SavedModels, without what the package's front imports.

    Raises:
        SteleError: As `find`.
    """
    folder = find().folder
    for name in _NEVER_CALLED:
        sys.modules.setdefault(name, ModuleType(name))
    for name in (NAME, f"{NAME}.converters"):
        package = ModuleType(name)
        package.__path__ = [str(folder.joinpath(*name.split(".")))]
        sys.modules[name] = package
    return importlib.import_module(f"{NAME}.converters.tf_saved_model_conversion_v2")
