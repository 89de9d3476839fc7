"""A small network on chemical analyses of wine, behind a Keras ``Normalization`` layer.

Data: the 178 wines that scikit-learn brings along (UCI "Wine"), 13 measurements each,
of three growers.

The layer divides by constants. TensorFlow's graph optimizer folds them in a session and
not in a function: the two differ in the last bits, which the chain of custody has to say.

Signature ``serving_default``: ``measurements`` FP32 [?,13] to ``probabilities`` FP32 [?,3].
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import keras
import numpy as np
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split

from stele.contract.dtypes import Array
from stele.zoo.fit import fit, seed_everything
from stele.zoo.model import HELDOUT, Case, KerasResult, Recipe, Report, ZooModel

SEED = 178
RECIPE = Recipe(epochs=40, batch_size=16, learning_rate=1e-2)
CLASSES = 3
SOURCE = "scikit-learn load_wine, held-out part"


@dataclass(frozen=True)
class Split:
    """Measurements float32 ``[rows,13]``, labels int64 ``[rows]``."""

    train_rows: Array
    train_labels: Array
    heldout_rows: Array
    heldout_labels: Array


def load_split() -> Split:
    """Split the wines two to one, each grower in the same proportion."""
    data = load_wine()
    parts = train_test_split(
        data.data.astype(np.float32),
        data.target.astype(np.int64),
        test_size=0.33,
        stratify=data.target,
        random_state=SEED,
    )
    train_rows, heldout_rows, train_labels, heldout_labels = parts
    return Split(train_rows, train_labels, heldout_rows, heldout_labels)


def _train(report: Report) -> KerasResult:
    seed_everything(SEED)
    split = load_split()
    normalization = keras.layers.Normalization()
    normalization.adapt(split.train_rows)
    measurements = keras.Input((split.train_rows.shape[1],), name="measurements")
    hidden = keras.layers.Dense(16, activation="relu")(normalization(measurements))
    scores = keras.layers.Dense(CLASSES, activation="softmax", name="probabilities")(hidden)
    model = keras.Model(
        {"measurements": measurements}, {"probabilities": scores}, name="normalized"
    )
    fit(
        model,
        {"measurements": split.train_rows},
        split.train_labels,
        RECIPE,
        report,
    )
    return KerasResult(model, len(split.train_labels), CLASSES, RECIPE)


def _cases() -> Iterator[Case]:
    split = load_split()
    for name, rows in (("one", 1), ("batch-3", 3), (HELDOUT, None)):
        yield Case(
            name,
            {"measurements": split.heldout_rows[:rows]},
            SOURCE,
            labels=split.heldout_labels[:rows],
        )


MODEL = ZooModel(seed=SEED, train=_train, cases=_cases, accuracy_bar=0.9)
