"""What a config file of Ray Serve asks for. Needs no Ray: a stand-in has its surface."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from stele.contract import config
from stele.contract.codes import Code, SteleError
from stele.server.options import Options
from stele.server.ray.application import build
from stele.server.ray.replica import Replica


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Stand in for ``ray.serve``; return what it was told."""
    started: dict[str, Any] = {}

    def deployment(**options: Any) -> Any:
        started.update(options)
        return lambda replica: SimpleNamespace(bind=lambda options: (replica, options))

    serve = ModuleType("ray.serve")
    serve.deployment = deployment  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ray", ModuleType("ray"))
    monkeypatch.setitem(sys.modules, "ray.serve", serve)
    return started


def test_args_become_options(deployed: dict[str, Any]):
    given = {"models": {"digits": "/models/digits"}, "config": "inline", "workers": 3, "queue": 5}
    replica, options = build(given)
    assert replica is Replica
    assert options == Options(
        models={"digits": Path("/models/digits")},
        session_config=config.PROFILES["inline"],
        workers=3,
        queue=5,
    )
    assert deployed["name"] == "stele"
    assert deployed["max_ongoing_requests"] == 8


def test_a_name_that_is_none():
    with pytest.raises(SteleError, match='no option "model"') as caught:
        build({"model": {}})
    assert caught.value.code == Code.INVALID_ARGUMENT
