"""What a server is told: one value for each option of ``stele serve``."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from stele import paths
from stele.contract import config
from stele.contract.signature import DEFAULT_TAGS

MEBIBYTE = 2**20


@dataclass(frozen=True)
class Options:
    """How to serve.

    Attributes:
        models: Folders by model name; each a SavedModel, or a numbered one for each
            version.
        host: To listen on.
        port: To listen on; 0 for a free one.
        rest_port: Where to answer REST, on the same host; 0 for a free port, None for
            nowhere.
        tags: Of the MetaGraphDefs.
        session_config: A serialized ConfigProto.
        max_message: Bytes of a request; more is RESOURCE_EXHAUSTED.
        max_inside: Bytes of requests and answers that are inside at once; a request that
            finds no room is RESOURCE_EXHAUSTED before it is read.
        tls: The files of certificate and key; None for plain text.
        workers: Calls, or batches, that run at once.
        queue: Calls of one model that may wait.
        batch: Rows of a batch at most; 0 for no batches.
        warmup: Whether to run each model once before its first call, on zeros.
        explicit: Whether clients may load and unload models.
        poll: Seconds between looks for new versions; 0 for never.
        grace: Seconds that calls are given when the server stops.
        access_log: Whether to write a line for each call to stderr.
        metrics_port: Where to serve metrics; 0 for a free port, None for nowhere.
    """

    models: dict[str, Path] = field(default_factory=dict)
    host: str = "127.0.0.1"
    port: int = 8500
    rest_port: int | None = None
    tags: Collection[str] = DEFAULT_TAGS
    session_config: bytes = config.PROFILES["default"]
    max_message: int = 64 * MEBIBYTE
    max_inside: int = 512 * MEBIBYTE
    tls: tuple[Path, Path] | None = None
    workers: int = max(2, os.cpu_count() or 1)
    queue: int = 64
    batch: int = 0
    warmup: bool = False
    explicit: bool = False
    poll: float = 2.0
    grace: float = 10.0
    access_log: bool = False
    metrics_port: int | None = None

    def by_name(self) -> dict[str, Any]:
        """Return the values by the names of the fields, as the native server takes them."""
        models = {name: paths.url(folder) or folder for name, folder in self.models.items()}
        return {field.name: getattr(self, field.name) for field in fields(self)} | {
            "models": models,
            "tags": list(self.tags),
        }
