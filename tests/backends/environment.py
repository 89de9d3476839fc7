"""Makes the environments of Keras' other backends, build/envs/jax and build/envs/torch.

    python -m tests.backends.environment [NAME …]
    python -m tests.backends.environment --lock

What is pinned stands in requirements/; an environment that is up to date is left alone.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.interop.environments import Environment, resolve

REQUIREMENTS = Path(__file__).with_name("requirements")


class BackendEnvironment(Environment):
    """Keras and one backend."""

    @property
    def _lock(self) -> Path:
        return REQUIREMENTS / f"{self.name}.lock"


ENVIRONMENTS = {name: BackendEnvironment(name) for name in ("jax", "torch")}


def main() -> int:
    """Make them, or resolve their versions anew."""
    parser = argparse.ArgumentParser(description="make build/envs/jax and build/envs/torch")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these")
    parser.add_argument("--lock", action="store_true", help="resolve the versions anew (needs uv)")
    args = parser.parse_args()
    for name in args.names or ENVIRONMENTS:
        if name not in ENVIRONMENTS:
            parser.error(f'no environment "{name}"; there are {", ".join(ENVIRONMENTS)}')
        if args.lock:
            resolve(REQUIREMENTS / f"{name}.in")
        ENVIRONMENTS[name].make()
    return 0


if __name__ == "__main__":
    sys.exit(main())
