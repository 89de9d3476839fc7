"""Lays a Keras model and its export out side by side, as a trained model's folder has them.

Keras runs in a process of its own (``python -m stele.keras_model.export FILE FOLDER``): it
prints, and its TensorFlow has no business in the harness.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from stele.contract.codes import Code, SteleError
from stele.contract.printable import one_line
from stele.keras_model import file as keras_file
from stele.savedmodel.folder import model_file
from stele.zoo.layout import SAVED_MODEL

_LOG = "export.log"


def export(file: Path, folder: Path) -> Path:
    """Export a Keras model.

    Args:
        file: ``.keras`` or ``.h5``.
        folder: For the export and the Keras model; its old content is replaced.

    Returns:
        The SavedModel.

    Raises:
        SteleError: As `file.load`; FAILED_PRECONDITION when Keras does not export it.
    """
    keras_file.require(file)
    saved_model = _staged(file, folder)
    environment = os.environ | {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}
    command = [sys.executable, "-m", "stele.keras_model.export", str(file), str(saved_model)]
    with (folder / _LOG).open("wb") as log:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
            env=environment, check=False,
        )  # fmt: skip
    if done.returncode != 0:
        raise SteleError(
            Code.INTERNAL,
            f'exporting "{file.name}" ended with status {done.returncode}; see {folder / _LOG}',
        )
    if done.stdout:
        refusal = json.loads(done.stdout)
        raise SteleError(Code[refusal["code"]], refusal["message"])
    return saved_model


def put_beside(file: Path, exported: Path, folder: Path) -> Path:
    """Lay a SavedModel and the Keras model that it was exported from out side by side.

    Args:
        file: ``.keras`` or ``.h5``.
        exported: The SavedModel.
        folder: For links to both; its old content is replaced.

    Returns:
        The SavedModel there.

    Raises:
        SteleError: As `file.require`, and as `savedmodel.folder.model_file` for what is no
            SavedModel.
    """
    keras_file.require(file)
    model_file(exported)
    saved_model = _staged(file, folder)
    saved_model.symlink_to(exported.resolve(), target_is_directory=True)
    return saved_model


def _staged(file: Path, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / f"model{file.suffix}").symlink_to(file.resolve())
    return folder / SAVED_MODEL


def _export(file: Path, saved_model: Path) -> None:
    model = keras_file.load(file)
    try:
        model.export(str(saved_model), verbose=False)
    except Exception as error:
        reason = one_line(f"{type(error).__name__}: {error}")
        raise SteleError(
            Code.FAILED_PRECONDITION,
            f'Keras does not export "{file.name}": {reason}; export it yourself with '
            "keras.export.ExportArchive, and check the folder with --keras",
        ) from error


def main(file: str, saved_model: str) -> None:
    """Export, and say on stdout, as JSON, what went wrong, if so."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    try:
        _export(Path(file), Path(saved_model))
    except SteleError as error:
        json.dump({"code": error.code.name, "message": error.message}, answers)


if __name__ == "__main__":
    main(*sys.argv[1:])
