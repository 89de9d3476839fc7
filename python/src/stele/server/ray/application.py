"""The application as Ray Serve deploys it."""

from __future__ import annotations

import importlib
from typing import Any

from stele.server.options import Options
from stele.server.ray.options import RayOptions, deployment


def application(options: Options, ray_options: RayOptions) -> Any:  # noqa: ANN401
    """Return a ``ray.serve`` Application: replicas of the services.

    Raises:
        ModuleNotFoundError: Ray or the server's packages are not installed.
    """
    from stele.server.ray.replica import Replica

    serve = importlib.import_module("ray.serve")
    told = deployment(options, ray_options)
    return serve.deployment(**told)(Replica).bind(options)
