"""Finds the files of a SavedModel, and says what was given when it is something else.

``bindings/contract/wrong_models.tsv`` has the answers. No file is opened that is not a
regular one: a FIFO in its place would block for ever.
"""

from __future__ import annotations

import re
import stat
from pathlib import Path

from stele import paths
from stele.contract.codes import Code, SteleError, from_os_error

KERAS_SUFFIXES = (".keras", ".h5", ".hdf5")

_PB = "saved_model.pb"
_LFS = b"version https://git-lfs.github.com/spec/"
# protobuf's own limit.
_MOST_BYTES = 2**31 - 1


def model_file(folder: Path) -> Path:
    """Return the ``saved_model.pb`` of a folder, which is one that can be read.

    Raises:
        SteleError: NOT_FOUND for what is no SavedModel folder, UNIMPLEMENTED for one in text
            form, DATA_LOSS for a file that is no regular one, too large, or a Git LFS pointer.
    """
    if not folder.is_dir():
        raise SteleError(Code.NOT_FOUND, _no_folder(folder))
    file = folder / _PB
    if not file.exists():
        text = folder / "saved_model.pbtxt"
        if text.exists():
            raise SteleError(
                Code.UNIMPLEMENTED,
                f'"{text}" is a SavedModel in text form, which cannot be loaded here; '
                "load it in Python and save it again",
            )
        raise SteleError(Code.NOT_FOUND, _no_model(folder))
    if require_whole(file) > _MOST_BYTES:
        raise SteleError(
            Code.DATA_LOSS, f'"{file}" is larger than 2 GiB, which no SavedModel can be'
        )
    return file


def require_whole(file: Path) -> int:
    """Return the size in bytes of a file that is regular and no Git LFS pointer.

    Raises:
        SteleError: DATA_LOSS when it is not, else the system error's code.
    """
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            raise SteleError(Code.DATA_LOSS, f'"{file}" is not a regular file')
        with file.open("rb") as opened:
            pointer = opened.read(len(_LFS)) == _LFS
    except OSError as error:
        raise from_os_error(error) from error
    if pointer:
        raise SteleError(
            Code.DATA_LOSS, f'"{file}" is a Git LFS pointer, not the file; run: git lfs pull'
        )
    return status.st_size


def _no_folder(path: Path) -> str:
    if url := paths.url(path):
        return f'"{url}" is a URL; copy the SavedModel folder to this machine first'
    if not path.exists():
        return f'no SavedModel at "{path}": no such folder'
    if path.suffix in KERAS_SUFFIXES:
        return (
            f'"{path}" is a Keras model file, not a SavedModel folder; export it in Python: '
            f'keras.models.load_model("{path}").export("saved_model")'
        )
    if path.suffix == ".tflite":
        return f'"{path}" is a LiteRT model, not a SavedModel folder'
    if (path.parent / _PB).exists():
        return f'"{path}" is a file of a SavedModel; give its folder: "{path.parent}"'
    return f'no SavedModel at "{path}": a file, not a folder'


def _no_model(folder: Path) -> str:
    try:
        versions = [
            int(entry.name)
            for entry in folder.iterdir()
            if re.fullmatch("[0-9]+", entry.name) and (entry / _PB).exists()
        ]
    except OSError as error:
        raise from_os_error(error) from error
    if versions:
        return (
            f'"{folder}" is a folder of versions; give one of them, '
            f'such as "{folder / str(max(versions))}"'
        )
    return f'no SavedModel at "{folder}": no saved_model.pb in it'
