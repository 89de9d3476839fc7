"""A convolutional network on handwritten digits.

Data: the 1,797 images that scikit-learn brings along (the test part of the UCI
"Optical Recognition of Handwritten Digits" set), 8x8 pixels of 0 to 16.

Signature ``serving_default``: ``image`` FP32 [?,8,8,1], raw pixels, to
``probabilities`` FP32 [?,10].
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import keras
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from stele.contract.dtypes import Array
from stele.zoo.fit import fit, seed_everything
from stele.zoo.model import HELDOUT, Case, KerasResult, Recipe, Report, ZooModel

SEED = 1797
RECIPE = Recipe(epochs=20, batch_size=64, learning_rate=5e-3)
CLASSES = 10
PIXEL_MAX = 16.0
SOURCE = "scikit-learn load_digits, held-out part"

# Drawn by hand, in neither part of the data: the image of every binding's example.
HAND_DRAWN_ZERO = (
    (0, 0, 5, 13, 12, 3, 0, 0),
    (0, 2, 15, 11, 12, 14, 1, 0),
    (0, 5, 14, 1, 1, 14, 6, 0),
    (0, 7, 12, 0, 0, 10, 8, 0),
    (0, 7, 11, 0, 0, 10, 8, 0),
    (0, 5, 13, 0, 1, 13, 6, 0),
    (0, 1, 14, 10, 12, 14, 1, 0),
    (0, 0, 5, 14, 12, 3, 0, 0),
)


@dataclass(frozen=True)
class Split:
    """Images float32 ``[rows,8,8,1]`` of 0 to 16, labels int64 ``[rows]``."""

    train_images: Array
    train_labels: Array
    heldout_images: Array
    heldout_labels: Array


def load_split() -> Split:
    """Split the images three to one, each digit in the same proportion."""
    data = load_digits()
    images = data.images.astype(np.float32)[..., np.newaxis]
    parts = train_test_split(
        images,
        data.target.astype(np.int64),
        test_size=0.25,
        stratify=data.target,
        random_state=SEED,
    )
    train_images, heldout_images, train_labels, heldout_labels = parts
    return Split(train_images, train_labels, heldout_images, heldout_labels)


def convolutions(pixels: keras.KerasTensor) -> keras.KerasTensor:
    """Classify images of 0 to 1, ``[?,8,8,1]``, as probabilities ``[?,10]``."""
    features = pixels
    for block, filters in enumerate((16, 32, 64)):
        # Batch normalization subtracts the mean: a bias before it would be lost.
        features = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False)(features)
        # Few steps: at the default momentum the moving averages would lag behind.
        features = keras.layers.BatchNormalization(momentum=0.9)(features)
        features = keras.layers.ReLU()(features)
        if block == 1:
            features = keras.layers.MaxPooling2D()(features)
            features = keras.layers.Dropout(0.25)(features)
    features = keras.layers.GlobalAveragePooling2D()(features)
    features = keras.layers.Dropout(0.25)(features)
    return keras.layers.Dense(CLASSES, activation="softmax", name="probabilities")(features)


def _train(report: Report) -> KerasResult:
    seed_everything(SEED)
    split = load_split()
    image = keras.Input((8, 8, 1), name="image")
    pixels = keras.layers.Rescaling(1 / PIXEL_MAX)(image)
    # Dicts, for the names in them become those of the signature.
    model = keras.Model({"image": image}, {"probabilities": convolutions(pixels)}, name="digits")
    fit(
        model,
        {"image": split.train_images},
        split.train_labels,
        RECIPE,
        report,
    )
    return KerasResult(model, len(split.train_labels), CLASSES, RECIPE)


def image_cases() -> Iterator[Case]:
    """Make cases of 0, 1, 3, 32 and all held-out images, and of the drawn zero."""
    split = load_split()
    yield Case("empty-batch", {"image": split.heldout_images[:0]}, "no image at all")
    for name, rows in (("one", 1), ("batch-3", 3), ("batch-32", 32), (HELDOUT, None)):
        yield Case(
            name,
            {"image": split.heldout_images[:rows]},
            SOURCE,
            labels=split.heldout_labels[:rows],
        )
    yield Case(
        "hand-drawn-zero",
        {"image": np.array(HAND_DRAWN_ZERO, np.float32).reshape(1, 8, 8, 1)},
        "drawn by hand",
        labels=np.array([0]),
    )


MODEL = ZooModel(seed=SEED, train=_train, cases=image_cases, accuracy_bar=0.97)
