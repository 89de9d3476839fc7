"""Handwritten digits, read row by row by a small network with int8 weights.

Data: that of `digits`, its pixels as bytes of 0 to 16.

Blocks: `Model.quantize` in mode ``int8``, as Keras offers it after training: `Embedding`,
`Dense` and `EinsumDense` keep int8 weights with a scale, and round what they are given to int8
row by row, inside the graph. `MultiHeadAttention` does so too and is left out: Keras does not
load the file that it writes then.

Signature ``serving_default``: ``shades`` UINT8 [?,8,8] to ``probabilities`` FP32 [?,10] and
``read`` FP32 [?,8,`SIZE`], what came of each row of the image, beside the others.
"""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np

from stele.contract.dtypes import Array
from stele.zoo.digits import CLASSES, PIXEL_MAX, SOURCE, load_split
from stele.zoo.fit import fit, for_predictions, seed_everything
from stele.zoo.model import HELDOUT, Case, KerasResult, Recipe, Report, ZooModel

SEED = 8
RECIPE = Recipe(epochs=7, batch_size=64, learning_rate=1e-2, optimizer="Lamb")
ROWS = 8
SHADES = int(PIXEL_MAX) + 1
SIZE = 32


def _shades(images: Array) -> Array:
    """Return float32 ``[rows,8,8,1]`` as uint8 ``[rows,8,8]``."""
    return images[..., 0].astype(np.uint8)


def _read(shades: keras.KerasTensor) -> dict[str, keras.KerasTensor]:
    layers = keras.layers
    x = layers.Reshape((ROWS, SIZE))(layers.Embedding(SHADES, SIZE // ROWS)(shades))
    x = layers.EinsumDense("brc,cd->brd", (ROWS, SIZE), bias_axes="d", activation="relu")(x)
    among = layers.EinsumDense("brc,rs->bsc", (ROWS, SIZE), bias_axes="s")(x)
    read = layers.LayerNormalization(name="read")(layers.Add()([x, among]))
    x = layers.Dense(SIZE, activation="relu")(layers.Flatten()(read))
    return {"probabilities": layers.Dense(CLASSES, activation="softmax")(x), "read": read}


def _takes_int8(layer: keras.Layer) -> bool:
    """Tell whether Keras quantizes a layer; of others it warns."""
    layers = keras.layers
    return isinstance(layer, (layers.Dense, layers.EinsumDense, layers.Embedding))


def _train(report: Report) -> KerasResult:
    seed_everything(SEED)
    split = load_split()
    shades = keras.Input((ROWS, ROWS), dtype="uint8", name="shades")
    model = keras.Model({"shades": shades}, _read(shades), name="quantized")
    classifier = keras.Model({"shades": shades}, {"probabilities": model.output["probabilities"]})
    fit(classifier, {"shades": _shades(split.train_images)}, split.train_labels, RECIPE, report)
    model.quantize("int8", filters=_takes_int8)
    for_predictions(model)
    return KerasResult(model, len(split.train_labels), CLASSES, RECIPE)


def _cases() -> Iterator[Case]:
    split = load_split()
    shades = _shades(split.heldout_images)
    for name, rows in (("one", 1), ("batch-3", 3), (HELDOUT, None)):
        labels = split.heldout_labels[:rows]
        yield Case(name, {"shades": shades[:rows]}, SOURCE, labels=labels)
    # What is rounded to int8 by the largest of its row has a row of nothing, too.
    yield Case("blank", {"shades": np.zeros((2, ROWS, ROWS), np.uint8)}, "no digit at all")


MODEL = ZooModel(seed=SEED, train=_train, cases=_cases, accuracy_bar=0.9)
