"""TensorFlow from Maven: the jar of tensorflow-core-native that has a machine's libraries.

Its two TensorFlow libraries are the wheel's, byte for byte, in releases of the same
TensorFlow; headers it has none.
"""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from stele.contract.codes import Code, SteleError, from_os_error
from stele.libtensorflow.wheel import LIBRARIES

_PROPERTIES = "META-INF/maven/org.tensorflow/tensorflow-core-native/pom.properties"


@dataclass(frozen=True)
class Jar:
    """A jar with TensorFlow's libraries.

    Attributes:
        path: The jar.
        version: TensorFlow for Java's own, which is not TensorFlow's.
        folder: Where the libraries are in it, such as
            ``org/tensorflow/internal/c_api/linux-x86_64``.
        cc: The name of the library with the C and C++ API.
        framework: The name of the library that it needs.
        suffix: What a linker looks for behind ``-ltensorflow``.
        nbytes: Bytes of both libraries.
    """

    path: Path
    version: str
    folder: str
    cc: str
    framework: str
    suffix: str
    nbytes: int


def find_jar(path: Path) -> Jar:
    """Look into a jar, and unpack nothing.

    Args:
        path: ``tensorflow-core-native-VERSION-PLATFORM.jar``.

    Raises:
        SteleError: NOT_FOUND when it is not there, or has no TensorFlow;
            INVALID_ARGUMENT for what is no jar; or the system's code.
    """
    path = path.expanduser().resolve()
    try:
        with zipfile.ZipFile(path) as jar:
            sizes = {entry.filename: entry.file_size for entry in jar.infolist()}
            properties = jar.read(_PROPERTIES).decode() if _PROPERTIES in sizes else ""
    except zipfile.BadZipFile as error:
        raise SteleError(Code.INVALID_ARGUMENT, f'"{path}" is no jar: {error}') from error
    except OSError as error:
        raise from_os_error(error) from error
    version = dict(line.split("=", 1) for line in properties.splitlines() if "=" in line).get(
        "version", "of no version"
    )
    for name in sorted(sizes):
        entry = PurePosixPath(name)
        for cc, framework, suffix in LIBRARIES:
            beside = str(entry.parent / framework)
            if entry.name == cc and beside in sizes:
                nbytes = sizes[name] + sizes[beside]
                return Jar(path, version, str(entry.parent), cc, framework, suffix, nbytes)
    raise SteleError(
        Code.NOT_FOUND,
        f'"{path}" has no TensorFlow in it; the jar that has one is named after a platform: '
        "org.tensorflow:tensorflow-core-native, such as "
        "tensorflow-core-native-1.2.0-linux-x86_64.jar",
    )


def unpack(jar: Jar, folder: Path) -> None:
    """Write both libraries into a folder.

    Raises:
        SteleError: DATA_LOSS when the jar is damaged.
        OSError: The system's.
    """
    try:
        with zipfile.ZipFile(jar.path) as archive:
            for name in (jar.cc, jar.framework):
                with (
                    archive.open(f"{jar.folder}/{name}") as packed,
                    (folder / name).open("wb") as file,
                ):
                    shutil.copyfileobj(packed, file, 1 << 20)
    except (zipfile.BadZipFile, EOFError) as error:
        raise SteleError(Code.DATA_LOSS, f'"{jar.path}" is damaged: {error}') from error
