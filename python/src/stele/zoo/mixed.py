"""Handwritten digits, seen by two towers: one computes in float16, the other in bfloat16.

Data: that of `digits`.

Blocks: the dtype policies ``mixed_float16`` and ``mixed_bfloat16`` (weights in float32,
everything else in 16 bits) on `Conv2D`, `BatchNormalization`, `ReLU`, `Flatten`, `Dense`; and
the head in float32, as Keras recommends.

Signature ``serving_default``: ``image`` FP32 [?,8,8,1], raw pixels, to ``probabilities`` FP32
[?,10], ``half`` FP16 [?,`SIZE`] and ``brain`` BF16 [?,`SIZE`], what each tower saw.
"""

from __future__ import annotations

from collections.abc import Iterator

import keras

from stele.zoo.digits import CLASSES, PIXEL_MAX, SOURCE, load_split
from stele.zoo.fit import fit, for_predictions, seed_everything
from stele.zoo.model import HELDOUT, Case, KerasResult, Recipe, Report, ZooModel

SEED = 16
RECIPE = Recipe(epochs=5, batch_size=64, learning_rate=1e-2)
FILTERS = 12
SIZE = 24


def _tower(pixels: keras.KerasTensor, policy: str) -> keras.KerasTensor:
    """See images of 0 to 1, ``[?,8,8,1]``, as ``[?,SIZE]`` in the policy's compute dtype."""
    layers = keras.layers
    x = layers.Conv2D(FILTERS, 3, strides=2, use_bias=False, dtype=policy)(pixels)
    x = layers.ReLU(dtype=policy)(layers.BatchNormalization(momentum=0.9, dtype=policy)(x))
    return layers.Dense(SIZE, activation="tanh", dtype=policy)(layers.Flatten(dtype=policy)(x))


def _train(report: Report) -> KerasResult:
    seed_everything(SEED)
    split = load_split()
    image = keras.Input((8, 8, 1), name="image")
    pixels = keras.layers.Rescaling(1 / PIXEL_MAX)(image)
    towers = {
        "half": _tower(pixels, "mixed_float16"),
        "brain": _tower(pixels, "mixed_bfloat16"),
    }
    both = keras.layers.Concatenate()(list(towers.values()))
    probabilities = keras.layers.Dense(CLASSES, activation="softmax")(both)
    classifier = keras.Model({"image": image}, {"probabilities": probabilities})
    fit(classifier, {"image": split.train_images}, split.train_labels, RECIPE, report)
    model = keras.Model({"image": image}, {"probabilities": probabilities, **towers}, name="mixed")
    for_predictions(model)
    return KerasResult(model, len(split.train_labels), CLASSES, RECIPE)


def _cases() -> Iterator[Case]:
    split = load_split()
    for name, rows in (("one", 1), ("batch-3", 3), (HELDOUT, None)):
        labels = split.heldout_labels[:rows]
        yield Case(name, {"image": split.heldout_images[:rows]}, SOURCE, labels=labels)
    # Beyond what float16 holds, and far within bfloat16: one tower sees infinity.
    yield Case("bright", {"image": split.heldout_images[:3] * 1e6}, f"{SOURCE}, a million times")


MODEL = ZooModel(seed=SEED, train=_train, cases=_cases, accuracy_bar=0.9)
