"""Which part of a photograph a crop is from: MobileNetV2 at full size, the compute-heavy model.

Data: the photographs of a temple and of a flower that scikit-learn brings along, as in
`photo`; the classes are the thirds of each, from left to right. Crops overlap, and a
held-out one is at a place of its own.

Blocks: `keras.applications.MobileNetV2` at 224x224 and alpha 1.0, with the layers in it:
`Rescaling`, `ZeroPadding2D`, `Conv2D`, `DepthwiseConv2D`, `BatchNormalization`, `ReLU` up to 6,
`Add`, `GlobalAveragePooling2D`, and `Dense` for the classes.

No weights are downloaded. Random ones through fresh batch normalization answer every image
alike, and a model that always gives the same answer proves nothing: the statistics are
taken from the photographs, layer after layer, and the head learns on what the rest then sees.

Signature ``serving_default``: ``image`` FP32 [?,224,224,3], raw pixels, to ``probabilities``
FP32 [?,`CLASSES`].
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import keras
import numpy as np

from stele.contract.dtypes import Array
from stele.zoo.fit import fit, for_predictions, seed_everything
from stele.zoo.model import HELDOUT, Case, KerasResult, Recipe, Report, ZooModel
from stele.zoo.photo import PHOTOS, load_photo

SEED = 224
RECIPE = Recipe(epochs=60, batch_size=16, learning_rate=3e-3)
SOURCE = "scikit-learn china.jpg and flower.jpg, held-out crops"
SIZE = 224
SHAPE = (SIZE, SIZE, 3)
PIXEL_MAX = 255
CLASSES = 6
LEFTS = ((0, 16, 32), (184, 200, 216, 232), (384, 400, 416))
"""Where the crops of each third of a photograph begin, in pixels from its left."""
TOPS = (0, 40, 80, 120, 160, 200)
HELDOUT_LEFTS = ((8,), (208,), (408,))
HELDOUT_TOPS = (100,)
ADAPT_EVERY = 4
"""Every so manieth crop is among those whose statistics are taken: memory is what it costs."""


def load_crops(*, heldout: bool) -> tuple[Array, Array]:
    """Return crops float32 ``[rows,SIZE,SIZE,3]``, 0 to 255, and labels int64 ``[rows]``."""
    thirds, tops = (HELDOUT_LEFTS, HELDOUT_TOPS) if heldout else (LEFTS, TOPS)
    crops: list[Array] = []
    labels: list[int] = []
    for name in PHOTOS:
        photo = load_photo(name).astype(np.float32)
        for lefts in thirds:
            label = labels[-1] + 1 if labels else 0
            for left, top in product(lefts, tops):
                crops.append(photo[top : top + SIZE, left : left + SIZE])
                labels.append(label)
    return np.stack(crops), np.array(labels)


def _adapt(features: keras.Model, images: Array) -> None:
    """Take the statistics of every batch normalization from these images, all at once."""
    layers = [one for one in features.layers if isinstance(one, keras.layers.BatchNormalization)]
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = 0.0
    features({"image": images}, training=True)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum


def _train(report: Report) -> KerasResult:
    seed_everything(SEED)
    layers = keras.layers
    crops, labels = load_crops(heldout=False)
    image = keras.Input(SHAPE, name="image")
    pixels = layers.Rescaling(2 / PIXEL_MAX, offset=-1)(image)
    features = keras.applications.MobileNetV2(
        input_tensor=pixels, weights=None, include_top=False, pooling="avg"
    )
    _adapt(features, crops[::ADAPT_EVERY])
    head = layers.Dense(CLASSES, activation="softmax", name="probabilities")
    # The head alone is trained: what it is given stays as it is, and is computed once.
    seen = keras.Input(features.output.shape[1:], name="seen")
    classifier = keras.Model({"seen": seen}, head(seen))
    seen_of_crops = features.predict({"image": crops}, batch_size=8, verbose=0)
    fit(classifier, {"seen": seen_of_crops}, labels, RECIPE, report)
    model = keras.Model(
        {"image": image}, {"probabilities": head(features.output)}, name="mobilenet"
    )
    for_predictions(model)
    return KerasResult(model, len(labels), CLASSES, RECIPE)


def _cases() -> Iterator[Case]:
    crops, labels = load_crops(heldout=True)
    # The first by name, which inputs that must be refused are spoiled copies of: a small one.
    yield Case("crop", {"image": crops[:1]}, SOURCE, labels=labels[:1])
    yield Case(HELDOUT, {"image": crops}, SOURCE, labels=labels)


MODEL = ZooModel(seed=SEED, train=_train, cases=_cases, accuracy_bar=0.6)
