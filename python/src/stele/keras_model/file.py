"""Opens a file with a Keras model, and says what to do about one that cannot be opened.

Importing this module imports neither TensorFlow nor Keras; `load` does.
"""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

from stele.contract.codes import Code, SteleError
from stele.contract.printable import one_line
from stele.savedmodel.folder import KERAS_SUFFIXES, require_whole

_HDF5 = b"\x89HDF\r\n\x1a\n"
_INSTALL = "Keras is not installed; install it with: pip install 'tf-stele[cpu,zoo]'"


def names_one(path: Path) -> bool:
    """Tell whether a path is called as a Keras model file is, and is no folder."""
    return path.suffix in KERAS_SUFFIXES and not path.is_dir()


def beside(saved_model: Path) -> Path | None:
    """Return the Keras model that a SavedModel was exported from: ``model.keras`` beside it."""
    files = (saved_model.parent / f"model{suffix}" for suffix in KERAS_SUFFIXES)
    return next((file for file in files if file.exists()), None)


def require(file: Path) -> None:
    """See, without Keras, that this is a file with a whole Keras model.

    Raises:
        SteleError: NOT_FOUND when there is none, DATA_LOSS for a Git LFS pointer or what is
            no regular file, INVALID_ARGUMENT for what is no Keras model.
    """
    if not file.exists():
        raise SteleError(Code.NOT_FOUND, f'no Keras model at "{file}": no such file')
    if file.suffix not in KERAS_SUFFIXES:
        raise _invalid(file, f"its name ends in none of {', '.join(KERAS_SUFFIXES)}")
    require_whole(file)
    if file.name.endswith(".weights.h5"):
        raise _invalid(file, "it has the weights only; save the model itself: model.save(FILE)")
    if file.suffix == ".keras":
        if not zipfile.is_zipfile(file):
            raise _invalid(file, "no zip archive")
        with zipfile.ZipFile(file) as archive:
            if "config.json" not in archive.namelist():
                raise _invalid(file, "no config.json in it")
        return
    with file.open("rb") as opened:
        if opened.read(len(_HDF5)) != _HDF5:
            raise _invalid(file, "no HDF5 file")


def load(file: Path) -> Any:  # noqa: ANN401  (keras.Model, which importing would cost seconds)
    """Load a model as it predicts, with Keras's TensorFlow backend.

    Raises:
        SteleError: As `require`; FAILED_PRECONDITION when Keras is missing, has another
            backend, or the file needs code that is not in it; INVALID_ARGUMENT for what Keras
            cannot read.
    """
    require(file)
    try:
        import keras
    except ImportError as error:
        raise SteleError(Code.FAILED_PRECONDITION, _INSTALL) from error
    if (backend := keras.config.backend()) != "tensorflow":
        raise SteleError(
            Code.FAILED_PRECONDITION,
            f"Keras runs on {backend} here, and a SavedModel is TensorFlow's; "
            "set KERAS_BACKEND=tensorflow",
        )
    try:
        return keras.saving.load_model(file, compile=False)
    except Exception as error:
        raise _refusal(file, error, keras.version()) from error


def _invalid(file: Path, why: str) -> SteleError:
    return SteleError(Code.INVALID_ARGUMENT, f'"{file.name}" is no Keras model file: {why}')


_FOREIGN = re.compile(
    r"Could not locate (?:class|function) '(?P<class>[^']+)'"
    r"|Unknown (?:layer|object|\w+ function|\w+): '(?P<layer>[^']+)'"
)


def _refusal(file: Path, error: Exception, installed: str) -> SteleError:
    """Say what Keras's refusal means, and what to do."""
    message = f"{error} {error.__cause__ or ''}"
    if "Lambda" in message and "safe_mode" in message:
        return SteleError(
            Code.FAILED_PRECONDITION,
            f'"{file.name}" has a Lambda layer, which is a program that Keras runs only when '
            "told to; if you trust the file, export it yourself: keras.models.load_model("
            f'"{file.name}", safe_mode=False).export("saved_model")',
        )
    if foreign := _FOREIGN.search(message):
        name = foreign["class"] or foreign["layer"]
        return SteleError(
            Code.FAILED_PRECONDITION,
            f'"{file.name}" needs "{name}", which is code of yours and not in the file; export '
            'it where that is defined: model.export("saved_model"), and check the folder',
        )
    if "No model config found" in message:
        return _invalid(file, "it has the weights only; save the model itself: model.save(FILE)")
    version = _version(file)
    saved = f"; it was saved by Keras {version}, and this is {installed}" if version else ""
    reason = one_line(f"{type(error).__name__}: {error}")
    return SteleError(Code.INVALID_ARGUMENT, f'Keras cannot load "{file.name}"{saved}: {reason}')


def _version(file: Path) -> str:
    """Return the version of Keras that wrote a file; empty where it does not say."""
    try:
        if file.suffix == ".keras":
            with zipfile.ZipFile(file) as archive:
                return str(json.loads(archive.read("metadata.json")).get("keras_version", ""))
        import h5py

        with h5py.File(file) as opened:
            return str(opened.attrs.get("keras_version", ""))
    except (OSError, KeyError, ValueError, ImportError):
        return ""
