"""Makes the environments of other people's clients and servers, below build/envs.

    python -m tests.interop.environments [NAME …]
    python -m tests.interop.environments --lock

Each package has an environment of its own: they force versions on each other
and on TensorFlow. What is pinned stands in requirements/NAME.lock; an
environment that is up to date is left alone.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stele import paths

REQUIREMENTS = Path(__file__).with_name("requirements")


@dataclass(frozen=True)
class Environment:
    """One virtual environment.

    Attributes:
        name: Of its folder below build/envs.
        native: Whether stele_native goes into it, to run our models there.
        tensorflow: Whether it sees the TensorFlow of the checkout's own environment.
        requirements: The folder of its NAME.in and NAME.lock.
    """

    name: str
    native: bool = False
    tensorflow: bool = False
    requirements: Path = REQUIREMENTS

    @property
    def package(self) -> str:
        """The package that it is for."""
        return self.name

    @property
    def folder(self) -> Path:
        """Where it is."""
        return paths.build_dir() / "envs" / self.name

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def site_packages(self) -> Path:
        """Where its packages are, once it is made."""
        (folder,) = self.folder.glob("lib/python3*/site-packages")
        return folder

    @property
    def _lock(self) -> Path:
        return self.requirements / f"{self.name}.lock"

    @property
    def _wheels(self) -> list[Path]:
        return sorted((paths.build_dir() / "rust" / "wheels").glob("*.whl")) if self.native else []

    @property
    def installed(self) -> bool:
        """Whether the packages are there; the wheel of stele_native is installed in a moment."""
        return self._stamped(*self._parts()[0])

    def _parts(self) -> list[tuple[str, list[Path]]]:
        """Return what it is made of: a stamp's name, and the files that it stands for."""
        return [("packages", [self._lock]), ("native", self._wheels)]

    def _stamped(self, part: str, files: list[Path]) -> bool:
        stamp = self.folder / f"{part}.stamp"
        return stamp.exists() and stamp.read_text() == _contents(files)

    def _stamp(self, part: str, files: list[Path]) -> None:
        (self.folder / f"{part}.stamp").write_text(_contents(files))

    def version(self) -> str:
        """Return the version of the package that it is for."""
        pins = (line.partition("==") for line in self._lock.read_text().splitlines())
        return next(version for package, _, version in pins if package == self.package)

    def make(self) -> None:
        """Make what is not up to date of it.

        Raises:
            subprocess.CalledProcessError: A package cannot be installed.
        """
        if self.native and not self._wheels:
            raise SystemExit(
                "no wheel of stele_native in build/rust/wheels; run: make binding-rust"
            )
        packages, native = self._parts()
        if not self._stamped(*packages):
            print(f"making build/envs/{self.name}", flush=True)
            shutil.rmtree(self.folder, ignore_errors=True)
            venv.create(self.folder, with_pip=True)
            self._install("-r", str(self._lock))
            if self.tensorflow:
                # Behind the environment's own packages, which thus come first. 800 MB
                # are not downloaded again, and the .pth files in there are not read.
                own = sysconfig.get_path("purelib")
                (self.site_packages / "tensorflow-of-the-checkout.pth").write_text(f"{own}\n")
            self._stamp(*packages)
        if not self._stamped(*native):
            if self._wheels:
                self._install("--force-reinstall", *map(str, self._wheels))
            self._stamp(*native)

    def lock(self) -> None:
        """Resolve its versions anew; needs uv.

        Raises:
            subprocess.CalledProcessError: There is no solution.
        """
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        subprocess.run(
            ["uv", "pip", "compile", "--quiet", "--upgrade", "--python-version", python,
             "--no-header", "--no-annotate", "--no-emit-index-url",
             *self._asked(), "--output-file", self._lock],
            check=True,
        )  # fmt: skip

    def _asked(self) -> list[str | Path]:
        """Return what is resolved: options, and lists of packages."""
        return [*(["--no-deps"] if self.tensorflow else []), self._lock.with_suffix(".in")]

    def _install(self, *what: str) -> None:
        """Install just that: a lock is complete, and no second TensorFlow comes in."""
        pip = [self.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--no-deps", *what], check=True)


def _contents(files: list[Path]) -> str:
    whole = hashlib.sha256(sys.version.encode())
    for file in files:
        whole.update(file.read_bytes())
    return whole.hexdigest()


ENVIRONMENTS = {
    environment.name: environment
    for environment in (
        Environment("tritonclient"),
        Environment("tensorflow-serving-api", tensorflow=True),
        Environment("nvidia-pytriton", native=True),
        Environment("mlserver", native=True),
        Environment("kserve", native=True),
    )
}


def command(environments: Mapping[str, Environment]) -> int:
    """Make the environments that the command line names, or all."""
    parser = argparse.ArgumentParser(description="make environments below build/envs")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(environments))
    parser.add_argument("--lock", action="store_true", help="resolve the versions anew (needs uv)")
    args = parser.parse_args()
    unknown = [name for name in args.names if name not in environments]
    if unknown:
        parser.error(f'no environment "{unknown[0]}"; there are {", ".join(environments)}')
    for name in args.names or environments:
        if args.lock:
            environments[name].lock()
        environments[name].make()
    return 0


if __name__ == "__main__":
    sys.exit(command(ENVIRONMENTS))
