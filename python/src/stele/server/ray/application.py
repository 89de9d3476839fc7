"""The application as Ray Serve deploys it."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stele.contract import config
from stele.contract.codes import Code, SteleError
from stele.server.options import Options
from stele.server.ray.options import RayOptions, deployment

# What a config file may say of the server; the rest is Ray's to say there.
_ARGUMENTS = (
    "models",
    "tags",
    "config",
    "warmup",
    "max_inside",
    "workers",
    "queue",
    "batch",
    "poll",
    "grace",
    "access_log",
)


def application(options: Options, ray_options: RayOptions) -> Any:  # noqa: ANN401
    """Return a ``ray.serve`` Application: replicas of the services.

    Raises:
        ModuleNotFoundError: Ray or the server's packages are not installed.
    """
    from stele.server.ray.replica import Replica

    serve = importlib.import_module("ray.serve")
    settings = deployment(options, ray_options)
    return serve.deployment(**settings)(Replica).bind(options)


def build(arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Return the Application that a config file of Ray Serve asks for.

    Args:
        arguments: The file's ``args``: ``models``, folders by name; ``tags``, a list;
            ``config``, such as ``inline``; and others of `Options` by their names.

    Raises:
        SteleError: INVALID_ARGUMENT for a name that is none.
    """
    for name in arguments:
        if name not in _ARGUMENTS:
            raise SteleError(
                Code.INVALID_ARGUMENT,
                f'args: no option "{name}"; there are {", ".join(_ARGUMENTS)}',
            )
    given = dict(arguments)
    models = {str(name): Path(folder) for name, folder in given.pop("models", {}).items()}
    session_config = config.parse(str(given.pop("config", "default")))
    options = Options(models=models, session_config=session_config, **given)
    return application(options, RayOptions())
