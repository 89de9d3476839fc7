"""Makes the environments of older TensorFlows, build/envs/tensorflow-2.16 and so on.

    python -m tests.old_models.environment [VERSION …]
    python -m tests.old_models.environment --lock

What is pinned stands in requirements/; an environment that is up to date is left alone.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.interop.environments import Environment, resolve

REQUIREMENTS = Path(__file__).with_name("requirements")
PACKAGE = "tensorflow-cpu"


class OldTensorFlow(Environment):
    """One TensorFlow, with the Keras that pip installs beside it."""

    @property
    def _lock(self) -> Path:
        return REQUIREMENTS / f"{self.name.removeprefix('tensorflow-')}.lock"

    def version(self) -> str:
        """Return TensorFlow's."""
        pins = (line.partition("==") for line in self._lock.read_text().splitlines())
        return next(version for package, _, version in pins if package == PACKAGE)

    @property
    def library(self) -> Path:
        """The folder of its C library."""
        (site_packages,) = self.folder.glob("lib/python3*/site-packages")
        return site_packages / "tensorflow"


ENVIRONMENTS = {
    lock.stem: OldTensorFlow(f"tensorflow-{lock.stem}")
    for lock in sorted(REQUIREMENTS.glob("*.lock"))
}


def main() -> int:
    """Make them, or resolve their versions anew."""
    parser = argparse.ArgumentParser(description="make build/envs/tensorflow-VERSION")
    parser.add_argument("versions", nargs="*", metavar="VERSION", help=", ".join(ENVIRONMENTS))
    parser.add_argument("--lock", action="store_true", help="resolve the versions anew (needs uv)")
    args = parser.parse_args()
    for version in args.versions or ENVIRONMENTS:
        if version not in ENVIRONMENTS:
            parser.error(f'no TensorFlow "{version}"; there are {", ".join(ENVIRONMENTS)}')
        if args.lock:
            resolve(REQUIREMENTS / f"{version}.in")
        ENVIRONMENTS[version].make()
    return 0


if __name__ == "__main__":
    sys.exit(main())
