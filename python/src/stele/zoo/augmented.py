"""Known bad: the digits classifier with a data augmentation layer left inside.

``RandomFlip`` trains unless told otherwise, and the export tells it nothing. Keras
3.15 then hands that default on to the layers that come later and have none of their
own, such as batch normalization. So the SavedModel mirrors images at random, call by
call, and normalizes by the batch that it happens to see, while ``predict`` of the
same model does neither.

A parity check that starts at the SavedModel would call every binding right; one
that starts at Keras must say that the export is wrong. It need not look random to a
check that asks once: every fresh load flips in the same order.

Signature ``serving_default``: ``image`` UINT8 [?,8,8,1] of 0 to 16, to
``probabilities`` FP32 [?,10].
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import keras
import numpy as np

from stele.zoo import digits
from stele.zoo.fit import fit, seed_everything
from stele.zoo.model import Case, KerasResult, Recipe, Report, ZooModel

SEED = 3571
RECIPE = Recipe(epochs=10, batch_size=64, learning_rate=5e-3)


def _train(report: Report) -> KerasResult:
    seed_everything(SEED)
    split = digits.load_split()
    image = keras.Input((8, 8, 1), dtype="uint8", name="image")
    pixels = keras.layers.Rescaling(1 / digits.PIXEL_MAX)(image)
    flipped = keras.layers.RandomFlip("horizontal", seed=SEED)(pixels)
    model = keras.Model(
        {"image": image}, {"probabilities": digits.convolutions(flipped)}, name="augmented"
    )
    fit(
        model,
        {"image": split.train_images.astype(np.uint8)},
        split.train_labels,
        RECIPE,
        report,
    )
    return KerasResult(model, len(split.train_labels), digits.CLASSES, RECIPE)


def _cases() -> Iterator[Case]:
    for case in digits.image_cases():
        yield replace(case, inputs={"image": case.inputs["image"].astype(np.uint8)})


MODEL = ZooModel(seed=SEED, train=_train, cases=_cases, accuracy_bar=0.9)
