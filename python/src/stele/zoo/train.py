"""Trains zoo models and exports them, unless they are up to date."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stele import zoo
from stele.contract.codes import Code, SteleError
from stele.staging import locked, staged
from stele.zoo.fingerprint import fingerprint
from stele.zoo.layout import METRICS
from stele.zoo.model import Report

Metrics = dict[str, Any]


class BelowBarError(SteleError):
    """A training that ended below the model's accuracy bar; nothing was replaced."""

    def __init__(self, metrics: Metrics) -> None:
        super().__init__(
            Code.ABORTED,
            f'model "{metrics["model"]}" got {metrics["accuracy"]:.2%} of the held-out rows '
            f"right, at least {metrics['accuracy_bar']:.2%} wanted; what was there before stays",
        )
        self.metrics = metrics


def ensure(
    name: str, root: Path, *, force: bool = False, report: Report = lambda _done, _all, _note: None
) -> Path:
    """Return the folder of a trained zoo model, training it when it is not current.

    Args:
        name: A model of the zoo.
        root: The folder of models; the model's is below it.
        force: Train even if the model is current.
        report: Told about progress; not called when there is nothing to do.

    Raises:
        SteleError: NOT_FOUND for an unknown model, FAILED_PRECONDITION when a
            package is missing.
        BelowBarError: The training missed the model's accuracy bar.
    """
    entry = zoo.find(name)
    target = root / name
    with locked(target):
        if force or not is_current(entry, target):
            with _quiet_tensorflow(), staged(target) as folder:
                report(0, 1, "loading TensorFlow")
                from stele.zoo.export import train_and_export

                metrics = train_and_export(entry, folder, report)
                bar = metrics["accuracy_bar"]
                if bar is not None and metrics["accuracy"] < bar:
                    raise BelowBarError(metrics)
    return target


def is_current(entry: zoo.Entry, folder: Path) -> bool:
    """Tell whether a folder holds what today's sources and packages would train."""
    metrics = read_metrics(folder)
    return all(metrics.get(key) == value for key, value in fingerprint(entry).items())


def read_metrics(folder: Path) -> Metrics:
    """Return a trained model's metrics; an empty dict when there are none."""
    try:
        found = json.loads((folder / METRICS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


@contextmanager
def _quiet_tensorflow() -> Iterator[None]:
    """Keep TensorFlow's log below the progress lines, unless the user set a level."""
    name = "TF_CPP_MIN_LOG_LEVEL"
    if name in os.environ:
        yield
        return
    os.environ[name] = "3"
    try:
        yield
    finally:
        del os.environ[name]
