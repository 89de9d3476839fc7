"""Makes the environments of Keras' other backends, build/envs/jax and build/envs/torch.

    python -m tests.backends.environment [NAME …]
    python -m tests.backends.environment --lock

What is pinned stands in requirements/; an environment that is up to date is left alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.interop.environments import Environment, command

REQUIREMENTS = Path(__file__).with_name("requirements")

ENVIRONMENTS = {name: Environment(name, requirements=REQUIREMENTS) for name in ("jax", "torch")}

if __name__ == "__main__":
    sys.exit(command(ENVIRONMENTS))
