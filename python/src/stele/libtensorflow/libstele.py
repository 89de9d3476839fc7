"""libstele, the C library of `bindings/c`, as a standard prefix.

Unlike TensorFlow's prefix this one may be a folder that others use too, such as
``/usr/local``: it is what `make install` makes. The prefix may be moved as a whole, and its
library finds TensorFlow when it runs, so that the two prefixes need not know of each other.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from stele import building, paths
from stele.contract.codes import Code, SteleError, from_os_error
from stele.libtensorflow.prefix import MARK, usable


@dataclass(frozen=True)
class Installed:
    """A libstele that is laid out.

    Attributes:
        path: The absolute path of the prefix.
        version: The library's version.
    """

    path: Path
    version: str

    @property
    def pkg_config_path(self) -> Path:
        """The folder to put into ``PKG_CONFIG_PATH``."""
        return self.path / "lib" / "pkgconfig"


def default_prefix() -> Path:
    """Return ``build/libstele``, in the checkout that libstele is built from.

    Raises:
        SteleError: FAILED_PRECONDITION, outside of a checkout.
    """
    return paths.build_dir() / "libstele"


def install(path: Path) -> Installed:
    """Put headers, libraries and ``.pc`` files of libstele and the worker kit into a prefix.

    What others have put there stays. The toolchain must be there.

    Args:
        path: The prefix; it and its parents are made.

    Raises:
        SteleError: ALREADY_EXISTS for a prefix of ``stele libtensorflow``, whose headers are
            those of the wheel; INVALID_ARGUMENT for a path that pkg-config cannot take;
            FAILED_PRECONDITION when the build fails; or the system's code.
    """
    path = usable(path)
    if (path / MARK).exists():
        raise SteleError(
            Code.ALREADY_EXISTS,
            f'"{path}" was made by stele libtensorflow; choose another --prefix',
        )
    try:
        (path / "lib" / "pkgconfig").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise from_os_error(error) from error
    # A make of its own: what a make around this one has set is not its.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    folder = paths.bindings_dir() / "c"
    settings = (f"BUILD={paths.build_dir()}", f"PREFIX={path}")
    building.build(folder, ("make", "-C", str(folder), "install", *settings), environment)
    (version,) = re.findall(
        r"^Version: (\S+)$", (path / "lib" / "pkgconfig" / "stele.pc").read_text(), re.MULTILINE
    )
    return Installed(path, version)
