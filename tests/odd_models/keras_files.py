"""Keras models in files, as people save them, and an export that is not of its model.

None of this knows of stele.
"""

from __future__ import annotations

from pathlib import Path

import keras

layers = keras.layers


def scaled(folder: Path) -> None:
    """Pixels from 0 to 255, scaled in the model; its export; and one without the scaling."""
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1), name="image"),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.save(folder / "scaled.keras")
    model.save(folder / "scaled.h5")
    model.export(str(folder / "scaled"), verbose=False)
    unscaled = keras.Sequential([keras.Input((8, 8, 1), name="image"), *model.layers[1:]])
    unscaled.export(str(folder / "unscaled"), verbose=False)


def lists(folder: Path) -> None:
    """A list of inputs out of alphabetical order, and a list of outputs."""
    first = keras.Input((3,), name="second")
    second = keras.Input((4,), name="first")
    both = layers.Concatenate()([first, second])
    model = keras.Model([first, second], [layers.Dense(2)(first), layers.Dense(1)(both)])
    model.save(folder / "lists.keras")


def unnamed(folder: Path) -> None:
    """Inputs whose names Keras makes up, anew in every process."""
    a, b = keras.Input((3,)), keras.Input((3,))
    model = keras.Model([a, b], {"y": layers.Dense(2)(layers.Concatenate()([b, a]))})
    model.save(folder / "unnamed.keras")


def foreign(folder: Path) -> None:
    """What Keras does not load as it is: a lambda, a class of one's own, weights alone."""
    doubled = keras.Sequential([keras.Input((4,)), layers.Lambda(lambda x: x * 2)])
    doubled.save(folder / "lambda.keras")

    class Tripled(layers.Layer):
        def call(self, x):
            return x * 3

    own = keras.Sequential([keras.Input((4,)), Tripled()])
    own.save(folder / "own.keras")
    own.save(folder / "own.h5")
    own.save_weights(folder / "own.weights.h5")


def make(folder: Path) -> None:
    keras.utils.set_random_seed(3)
    for save in (scaled, lists, unnamed, foreign):
        save(folder)
