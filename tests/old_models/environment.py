"""Makes the environments of older TensorFlows, build/envs/tensorflow-2.16 and so on.

    python -m tests.old_models.environment [VERSION …]
    python -m tests.old_models.environment --lock

What is pinned stands in requirements/; an environment that is up to date is left alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.interop.environments import Environment, command

REQUIREMENTS = Path(__file__).with_name("requirements")


class OldTensorFlow(Environment):
    """One TensorFlow, with the Keras that pip installs beside it."""

    @property
    def package(self) -> str:
        """The package that it is for."""
        return "tensorflow-cpu"

    @property
    def _lock(self) -> Path:
        return self.requirements / f"{self.name.removeprefix('tensorflow-')}.lock"

    @property
    def library(self) -> Path:
        """The folder of its C library."""
        return self.site_packages / "tensorflow"


ENVIRONMENTS = {
    lock.stem: OldTensorFlow(f"tensorflow-{lock.stem}", requirements=REQUIREMENTS)
    for lock in sorted(REQUIREMENTS.glob("*.lock"))
}

if __name__ == "__main__":
    sys.exit(command(ENVIRONMENTS))
