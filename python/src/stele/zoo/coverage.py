"""Which classes of Keras the zoo has, read from its trained models; and why not the others.

Layers and activations stand in the ``model.keras`` of a model, losses and the optimizer
in its ``metrics.json``. What Keras offers is asked of Keras itself.
"""

from __future__ import annotations

import importlib
import inspect
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stele import zoo
from stele.zoo.layout import KERAS_FILE, METRICS

KINDS = ("layers", "activations", "losses", "optimizers")
"""Modules of Keras."""

_TRAINING = "trains, and leaves nothing in an export"
_RANDOM = "random, and an export keeps it switched on: `augmented`"
_FOREIGN = "another framework inside"
_BASE = "a base class"
_NO_FUNCTION = "finds functions, is none"

REASONS: Mapping[str, Mapping[str, str]] = {
    "layers": {
        "Random*": _RANDOM,
        "AugMix": _RANDOM,
        "CutMix": _RANDOM,
        "MixUp": _RANDOM,
        "RandAugment": _RANDOM,
        "AutoContrast": "for training data",
        "ContrastLimitedAdaptiveHistogramEqualization": "as `AutoContrast`",
        "Equalization": "as `AutoContrast`",
        "FlaxLayer": _FOREIGN,
        "JaxLayer": _FOREIGN,
        "TorchModuleWrapper": _FOREIGN,
        "TFSMLayer": "a SavedModel inside, which is what is tested here",
        "InputSpec": "no layer: what a layer asks of its input",
        "Lambda": "Python code, which a file does not bring along",
        "Layer": _BASE,
        "Wrapper": _BASE,
        "MaxNumBoundingBoxes": "takes labels, not tensors",
        "Pipeline": "image layers in a row",
        "ReversibleEmbedding": "`Embedding`, and the product with its transpose",
    },
    "activations": {
        "deserialize": _NO_FUNCTION,
        "get": _NO_FUNCTION,
        "serialize": _NO_FUNCTION,
        "threshold": "has arguments that a layer cannot give it",
    },
    "losses": {"Loss": _BASE, "*": _TRAINING},
    "optimizers": {"Optimizer": _BASE, "*": _TRAINING},
}
"""By kind: why a class, or all whose name begins so (``*``), is in no model."""


def offered(kind: str) -> list[str]:
    """Return the public names of a module of Keras; of aliases, the one that it calls itself.

    Raises:
        ModuleNotFoundError: There is no Keras here.
    """
    module = importlib.import_module(f"keras.{kind}")
    wanted = inspect.isfunction if kind == "activations" else inspect.isclass
    members = inspect.getmembers(module, wanted)
    public = {name: member for name, member in members if not name.startswith("_")}
    return sorted({m.__name__ if m.__name__ in public else name for name, m in public.items()})


def covered(root: Path) -> dict[str, dict[str, list[str]]]:
    """Return, by kind and name, the models that have it.

    Args:
        root: The folder of trained models.
    """
    found: dict[str, dict[str, list[str]]] = {kind: {} for kind in KINDS}
    for model in zoo.DEFAULT:
        for kind, name in sorted(set(_of_model(root / model))):
            found[kind].setdefault(name, []).append(model)
    return found


def reason(kind: str, name: str) -> str:
    """Return why a class is in no model; empty when there is no reason."""
    return next(
        (
            why
            for pattern, why in REASONS[kind].items()
            if pattern == name or (pattern.endswith("*") and name.startswith(pattern[:-1]))
        ),
        "",
    )


def table(root: Path) -> str:
    """Return the table in Markdown: what Keras offers, and who has it or why nobody does."""
    lines = []
    found = covered(root)
    for kind in KINDS:
        lines += [f"| keras.{kind} | models, or why in none |", "|---|---|"]
        for name in offered(kind):
            models = ", ".join(found[kind].get(name, ()))
            lines.append(f"| {name} | {models or f'– {reason(kind, name)}'} |")
        lines.append("")
    return "\n".join(lines).rstrip()


def _of_model(folder: Path) -> Iterator[tuple[str, str]]:
    recipe = json.loads((folder / METRICS).read_text(encoding="utf-8"))["recipe"]
    if recipe is not None:
        losses = recipe["losses"]
        names = [losses] if isinstance(losses, str) else losses.values()
        yield from (("losses", name) for name in names)
        yield "optimizers", recipe["optimizer"]
    if (folder / KERAS_FILE).exists():
        with zipfile.ZipFile(folder / KERAS_FILE) as archive:
            yield from _of_config(json.loads(archive.read("config.json")))


def _of_config(config: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - JSON
    """Yield the layers and activations of a serialized Keras object, and of all inside it."""
    if isinstance(config, list):
        for item in config:
            yield from _of_config(item)
    elif isinstance(config, dict):
        if config.get("module") == "keras.layers":
            yield "layers", config["class_name"]
        for key, value in config.items():
            if key.endswith("activation") and isinstance(value, str):
                yield "activations", value
            yield from _of_config(value)
