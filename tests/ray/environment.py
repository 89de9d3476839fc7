"""Makes the environment with Ray and `stele serve --ray`, build/envs/ray.

    python -m tests.ray.environment [--lock]

What is pinned stands in requirements.txt; an environment that is up to date is
left alone. The package stele itself is installed as a link to the checkout.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from stele import paths
from tests.interop.environments import Environment, command

ROOT = Path(__file__).parents[2]
LOCK = Path(__file__).with_name("requirements.txt")


class RayEnvironment(Environment):
    """The environment of a server on Ray."""

    @property
    def _lock(self) -> Path:
        return LOCK

    @property
    def command(self) -> Path:
        """The command ``stele`` in it."""
        return self.folder / "bin" / "stele"

    @property
    def variables(self) -> dict[str, str]:
        """What it must be told: it has no TensorFlow of its own."""
        return {"STELE_LIBTENSORFLOW": str(paths.build_dir() / "tensorflow" / "lib")}

    @property
    def installed(self) -> bool:
        """Whether the packages are there, and the package stele."""
        return super().installed and self.command.exists()

    def make(self) -> None:
        """Make what is not up to date of it.

        Raises:
            subprocess.CalledProcessError: A package cannot be installed.
        """
        super().make()
        if self.command.exists():
            return
        with tempfile.TemporaryDirectory() as wheels:
            # Built where the build's own packages are: not in the environment.
            build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel:editable"]
            subprocess.run(
                [*build, "-d", wheels], cwd=ROOT / "python", check=True, stdout=subprocess.DEVNULL
            )
            self._install("--force-reinstall", *map(str, Path(wheels).glob("*.whl")))

    def _asked(self) -> list[str | Path]:
        """Return what is resolved: the package with its extras, and what goes with it."""
        extras = ["--extra", "ray", "--extra", "serve"]
        return [*extras, ROOT / "python" / "pyproject.toml", self._lock.with_suffix(".in")]


RAY = RayEnvironment("ray", native=True)

if __name__ == "__main__":
    sys.exit(command({RAY.name: RAY}))
