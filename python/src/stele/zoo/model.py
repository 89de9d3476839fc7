"""What a zoo model is: how it is trained, what it is tested on, what it must reach.

Nothing here imports TensorFlow: the command line lists and skips models without
paying for that import.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stele.contract.dtypes import Array

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

HELDOUT = "heldout"
"""Name of the case that holds every held-out input of a trained model, labelled."""


@dataclass(frozen=True)
class Case:
    """One set of inputs for one signature of a model.

    Attributes:
        name: Folder-safe name, unique within its model.
        inputs: Input name to array; BYTES are object arrays of ``bytes``.
        source: Where the values come from, for people.
        signature: The signature that takes these inputs.
        labels: The right class index for each row, int64 ``[batch]``, or None.
        scores: The output whose argmax over the last axis `labels` is compared with.
    """

    name: str
    inputs: Mapping[str, Array]
    source: str
    signature: str = "serving_default"
    labels: Array | None = None
    scores: str = "probabilities"


@dataclass(frozen=True)
class KnownBad:
    """Why a model is in the zoo although its export is wrong.

    Attributes:
        reason: What goes wrong.
        link: The link of the chain of custody at which it must be caught.
    """

    reason: str
    link: str


@dataclass(frozen=True)
class Recipe:
    """How to train; the learning rate decays to zero along a cosine.

    Attributes:
        epochs: Passes over the data.
        batch_size: Rows in a step.
        learning_rate: At the first step.
        optimizer: A class of `keras.optimizers`.
        losses: Classes of `keras.losses`, by output; or one, where there is one output.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    optimizer: str = "Adam"
    losses: str | Mapping[str, str] = "SparseCategoricalCrossentropy"


@dataclass(frozen=True)
class KerasResult:
    """A trained Keras model, compiled by `stele.zoo.fit.for_predictions`.

    Attributes:
        model: The model to save and to export.
        train_size: Rows trained on; 0 where training would add nothing.
        classes: Number of classes; None for a model that classifies nothing.
        recipe: What it was trained with, or None.
    """

    model: keras.Model
    train_size: int
    classes: int | None = None
    recipe: Recipe | None = None


@dataclass(frozen=True)
class ModuleResult:
    """A plain ``tf.Module``.

    Attributes:
        module: The object to save.
        signatures: Signature name to ConcreteFunction.
        recipe: What parts of it were trained with, or None.
    """

    module: tf.Module
    signatures: Mapping[str, Any]
    recipe: Recipe | None = None


Report = Callable[[int, int, str], None]
"""Called with steps done, steps in all, and a note such as the current loss."""


@dataclass(frozen=True)
class ZooModel:
    """A model of the zoo.

    Attributes:
        seed: Seeds the split, the weights and the order of training.
        train: Builds and trains the model.
        cases: Makes the cases; the same on every call.
        accuracy_bar: Share of held-out rows that a training must get right; None
            for a model that classifies nothing.
    """

    seed: int
    train: Callable[[Report], KerasResult | ModuleResult]
    cases: Callable[[], Iterable[Case]]
    accuracy_bar: float | None = None
