"""Training with the zoo's settings: seeded, deterministic, no XLA, reported by epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import keras
import tensorflow as tf

from stele.contract.dtypes import Array
from stele.zoo.model import Report


@dataclass(frozen=True)
class Recipe:
    """How long and how fast to train with Adam; the rate decays to zero along a cosine.

    Attributes:
        epochs: Passes over the data.
        batch_size: Rows in a step.
        learning_rate: At the first step.
    """

    epochs: int
    batch_size: int
    learning_rate: float


def seed_everything(seed: int) -> None:
    """Make everything that follows in this process repeatable to the bit.

    Op determinism cannot be switched off again; for models this small it costs
    nothing that can be measured.
    """
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def fit(
    model: keras.Model,
    inputs: Mapping[str, Array],
    labels: Array,
    recipe: Recipe,
    report: Report,
) -> None:
    """Train a classifier, and compile it `for_predictions`.

    Args:
        model: A model with one output of class probabilities.
        inputs: Arrays by input name, rows first.
        labels: Class indices, int64 ``[rows]``.
        recipe: How to train.
        report: Told after each epoch.
    """
    steps = recipe.epochs * -(-len(labels) // recipe.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(recipe.learning_rate, steps)
    model.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss="sparse_categorical_crossentropy",
        jit_compile=False,
    )
    each_epoch = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: report(
            epoch + 1, recipe.epochs, f"loss {logs['loss']:.4f}"
        )
    )
    model.fit(
        dict(inputs),
        labels,
        batch_size=recipe.batch_size,
        epochs=recipe.epochs,
        verbose=0,
        callbacks=[each_epoch],
    )
    for_predictions(model)


def for_predictions(model: keras.Model) -> None:
    """Compile a model as it is to be saved.

    Without XLA: whoever loads the file compares it with a SavedModel that runs
    without. With SGD, which has no state worth saving: Adam's is twice the weights,
    and a file without any optimizer is one that Keras writes but cannot load.
    """
    model.compile(optimizer="sgd", jit_compile=False)
