"""Training with the zoo's settings: seeded, deterministic, no XLA, reported by epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from stele.contract.dtypes import Array
from stele.zoo.model import Recipe, Report


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
    labels: Array | Mapping[str, Array],
    recipe: Recipe,
    report: Report,
) -> None:
    """Train a model, and compile it `for_predictions`.

    Args:
        model: What to train.
        inputs: Arrays by input name, rows first.
        labels: What each row should give, such as class indices, int64 ``[rows]``; by
            output where the recipe has losses by output.
        recipe: How to train.
        report: Told after each epoch.
    """
    rows = len(next(iter(inputs.values())))
    steps = recipe.epochs * -(-rows // recipe.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(recipe.learning_rate, steps)
    model.compile(
        optimizer=getattr(keras.optimizers, recipe.optimizer)(rate),
        loss=_losses(recipe.losses),
        jit_compile=False,
    )
    each_epoch = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: report(
            epoch + 1, recipe.epochs, f"loss {logs['loss']:.4f}"
        )
    )
    model.fit(
        # Keras takes no object array of bytes.
        {k: tf.constant(v) if v.dtype == object else v for k, v in inputs.items()},
        dict(labels) if isinstance(labels, Mapping) else labels,
        batch_size=recipe.batch_size,
        epochs=recipe.epochs,
        verbose=0,
        callbacks=[each_epoch],
    )
    for_predictions(model)


def _losses(names: str | Mapping[str, str]) -> Any:  # noqa: ANN401 - as Keras takes it
    if isinstance(names, str):
        return getattr(keras.losses, names)()
    return {output: getattr(keras.losses, name)() for output, name in names.items()}


def for_predictions(model: keras.Model) -> None:
    """Compile a model as it is to be saved.

    Without XLA: whoever loads the file compares it with a SavedModel that runs
    without. With SGD, which has no state worth saving: Adam's is twice the weights,
    and a file without any optimizer is one that Keras writes but cannot load.
    """
    model.compile(optimizer="sgd", jit_compile=False)
