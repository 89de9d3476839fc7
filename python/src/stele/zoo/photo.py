"""Which of two photographs a piece is from: bytes of any size in, every pooling on the way.

Data: the photographs of a temple and of a flower that scikit-learn brings along (CC BY,
by Yu-Hang Kwan and dany13), in pieces that do not overlap.

Blocks: `Resizing`, `CenterCrop`, `Rescaling`, `Conv2D`, `MaxPooling2D`, `AveragePooling2D`,
`GlobalMaxPooling2D`, `GlobalAveragePooling2D`, `Concatenate`, `ReLU`.

Signature ``serving_default``: ``photo`` UINT8 [?,?,?,3] to ``probabilities`` FP32 [?,2]
and ``seen`` FP32 [?,`CROP`,`CROP`,3], what is left of each photograph, 0 to 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources

import keras
import numpy as np
import tensorflow as tf

from stele.contract.dtypes import Array
from stele.zoo.fit import fit, for_predictions, seed_everything
from stele.zoo.model import HELDOUT, Case, KerasResult, Recipe, Report, ZooModel

SEED = 427640
RECIPE = Recipe(
    epochs=12,
    batch_size=16,
    learning_rate=1e-2,
    optimizer="Adamax",
    losses={"probabilities": "CategoricalFocalCrossentropy"},
)
SOURCE = "scikit-learn china.jpg and flower.jpg, held-out pieces"
HELDOUT_EVERY = 4
"""Every so manieth piece is held out."""
PHOTOS = ("china.jpg", "flower.jpg")
PIECE = 48
RESIZED = 32
CROP = 24


def load_photo(name: str) -> Array:
    """Return a photograph, uint8 ``[427,640,3]``."""
    jpeg = resources.files("sklearn.datasets.images").joinpath(name).read_bytes()
    return np.asarray(tf.io.decode_jpeg(jpeg, dct_method="INTEGER_ACCURATE"))


def load_pieces(*, heldout: bool) -> tuple[Array, Array]:
    """Return pieces uint8 ``[rows,PIECE,PIECE,3]`` and labels int64 ``[rows]``."""
    photos = [load_photo(name) for name in PHOTOS]
    height, width, _ = photos[0].shape
    corners = [
        (top, left)
        for top in range(0, height - PIECE, PIECE)
        for left in range(0, width - PIECE, PIECE)
    ]
    wanted = [
        corner for number, corner in enumerate(corners) if (number % HELDOUT_EVERY == 0) == heldout
    ]
    pieces = [
        photo[top : top + PIECE, left : left + PIECE] for photo in photos for top, left in wanted
    ]
    return np.stack(pieces), np.repeat(np.arange(len(PHOTOS)), len(wanted))


def _classify(pixels: keras.KerasTensor) -> keras.KerasTensor:
    layers = keras.layers
    x = layers.Conv2D(8, 5, strides=2, activation="relu")(pixels)
    x = layers.Concatenate()([layers.MaxPooling2D(2)(x), layers.AveragePooling2D(2)(x)])
    x = layers.ReLU(max_value=6.0)(layers.Conv2D(16, 3)(x))
    whole = [layers.GlobalMaxPooling2D()(x), layers.GlobalAveragePooling2D()(x)]
    return layers.Dense(len(PHOTOS), activation="softmax")(layers.Concatenate()(whole))


def _train(report: Report) -> KerasResult:
    layers = keras.layers
    seed_everything(SEED)
    pieces, labels = load_pieces(heldout=False)
    photo = keras.Input((None, None, 3), dtype="uint8", name="photo")
    # To a size first: where it is unknown, the crop would not know how much to leave.
    resized = layers.Resizing(RESIZED, RESIZED, crop_to_aspect_ratio=True)(photo)
    seen = layers.Rescaling(1 / 255)(layers.CenterCrop(CROP, CROP)(resized))
    probabilities = _classify(seen)
    trained = keras.Model({"photo": photo}, {"probabilities": probabilities})
    wanted = {"probabilities": np.eye(len(PHOTOS), dtype=np.float32)[labels]}
    fit(trained, {"photo": pieces}, wanted, RECIPE, report)
    outputs = {"probabilities": probabilities, "seen": seen}
    model = keras.Model({"photo": photo}, outputs, name="photo")
    for_predictions(model)
    return KerasResult(model, len(labels), len(PHOTOS), RECIPE)


def _cases() -> Iterator[Case]:
    pieces, labels = load_pieces(heldout=True)
    yield Case(HELDOUT, {"photo": pieces}, SOURCE, labels=labels)
    for label, name in enumerate(PHOTOS):
        whole = load_photo(name)[np.newaxis, ::4, ::4]
        yield Case(f"whole-{label}", {"photo": whole}, f"scikit-learn {name}, every fourth pixel")
    yield Case("tiny", {"photo": pieces[:1, :2, :3]}, SOURCE)


MODEL = ZooModel(seed=SEED, train=_train, cases=_cases, accuracy_bar=0.8)
