"""Trains a model and writes its folder, as `stele.zoo.layout` describes it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from stele.contract.bundle import write_bundle
from stele.zoo import Entry
from stele.zoo.fingerprint import fingerprint
from stele.zoo.layout import CASE_FILE, CASES, KERAS_FILE, METRICS, SAVED_MODEL
from stele.zoo.model import HELDOUT, Case, KerasResult, ModuleResult, Report

_UNSCORED: dict[str, Any] = {
    "accuracy": None,
    "majority_share": None,
    "train_size": 0,
    "heldout_size": 0,
}


def train_and_export(entry: Entry, folder: Path, report: Report) -> dict[str, Any]:
    """Train a model and write everything into an existing, empty folder.

    Returns:
        What was written to ``metrics.json``.
    """
    # Taken before the sources are used, lest an edit meanwhile pass as trained.
    made_from = fingerprint(entry)
    model = entry.load()
    started = time.monotonic()
    result = model.train(report)
    seconds = time.monotonic() - started
    cases = list(model.cases())
    _save(result, folder)
    for case in cases:
        _write_case(case, folder / CASES / case.name)
    metrics = {
        "model": entry.name,
        "summary": entry.summary,
        **_scores(result, cases),
        "recipe": _recipe(result),
        "accuracy_bar": model.accuracy_bar,
        "cases": len(cases),
        "seconds": round(seconds, 1),
        "seed": model.seed,
        "known_bad": vars(entry.known_bad) if entry.known_bad else None,
        **made_from,
    }
    _write_json(folder / METRICS, metrics)
    return metrics


def _save(result: KerasResult | ModuleResult, folder: Path) -> None:
    target = str(folder / SAVED_MODEL)
    if isinstance(result, KerasResult):
        result.model.save(folder / KERAS_FILE)
        result.model.export(target, verbose=False)
    else:
        tf.saved_model.save(result.module, target, signatures=dict(result.signatures))


def _write_case(case: Case, folder: Path) -> None:
    write_bundle(folder, case.inputs)
    description: dict[str, Any] = {"signature": case.signature, "source": case.source}
    if case.labels is not None:
        description |= {"labels": case.labels.tolist(), "scores": case.scores}
    _write_json(folder / CASE_FILE, description)


def _scores(result: KerasResult | ModuleResult, cases: Iterable[Case]) -> dict[str, Any]:
    """Score a classifier in memory on its held-out case."""
    if isinstance(result, ModuleResult):
        return _UNSCORED
    if result.classes is None:
        parameters = result.model.count_params()
        return _UNSCORED | {"train_size": result.train_size, "parameters": parameters}
    heldout = next(case for case in cases if case.name == HELDOUT)
    assert heldout.labels is not None  # noqa: S101 - what a case of this name is
    outputs = result.model.predict_on_batch(dict(heldout.inputs))
    predicted = outputs[heldout.scores].argmax(axis=-1)
    counts = np.bincount(heldout.labels, minlength=result.classes)
    return {
        "accuracy": float(np.mean(predicted == heldout.labels)),
        "majority_share": float(counts.max() / counts.sum()),
        "train_size": result.train_size,
        "heldout_size": len(heldout.labels),
        "classes": result.classes,
        "parameters": result.model.count_params(),
    }


def _recipe(result: KerasResult | ModuleResult) -> dict[str, Any] | None:
    return None if result.recipe is None else asdict(result.recipe)


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
