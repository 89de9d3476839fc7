"""Tensors in numpy's ``.npz`` files, without pickles.

The format has no BYTES and no BF16. Strings of a fixed width stand for BYTES, and
two bytes without a meaning for BF16, which is how numpy itself writes them.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from stele.contract import dtypes
from stele.contract.codes import Code, SteleError, from_os_error
from stele.contract.dtypes import Array

_BF16 = dtypes.BY_NAME["BF16"].numpy


def read(file: Path) -> dict[str, Array]:
    """Read every array of a file, by name.

    Raises:
        SteleError: INVALID_ARGUMENT, naming the file; NOT_FOUND and other codes of
            the system's errors.
    """
    try:
        with file.open("rb") as stream:
            if not zipfile.is_zipfile(stream):
                raise SteleError(Code.INVALID_ARGUMENT, f'"{file}" is no .npz file')
            with np.load(stream, allow_pickle=False) as arrays:
                return {name: _as_tensor(arrays[name]) for name in arrays.files}
    except OSError as error:
        raise from_os_error(error) from error
    except (ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise SteleError(Code.INVALID_ARGUMENT, f'cannot use "{file}": {error}') from error


def _as_tensor(array: Array) -> Array:
    if array.dtype.kind in "SU":
        texts = [
            item.encode() if isinstance(item, str) else item for item in array.reshape(-1).tolist()
        ]
        result = np.empty(len(texts), dtype=object)
        result[:] = texts
        return result.reshape(array.shape)
    if array.dtype == np.dtype("V2"):
        return array.view(_BF16)
    dtypes.of(array)  # refuses what has no name
    return array


def write(file: Path, tensors: Mapping[str, Array]) -> None:
    """Write tensors, by name, so that `read` gives them back.

    Raises:
        SteleError: UNIMPLEMENTED for BYTES that end with a NUL, which numpy drops;
            the code of the system's error.
    """
    forms = {name: _as_array(name, array) for name, array in tensors.items()}
    try:
        # Not numpy.savez: it takes names as arguments, and appends to the file's.
        with zipfile.ZipFile(file, "w") as archive:
            for name, array in forms.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, array, allow_pickle=False)
    except OSError as error:
        raise from_os_error(error) from error


def _as_array(name: str, array: Array) -> Array:
    if array.dtype.kind != "O":
        return array
    if any(element.endswith(b"\0") for element in array.reshape(-1).tolist()):
        raise SteleError(
            Code.UNIMPLEMENTED,
            f'tensor "{name}" has elements that end with a NUL, which .npz files cannot hold',
        )
    return array.astype(np.bytes_)
