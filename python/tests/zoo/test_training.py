"""Training with one seed gives one model, and tells how it goes."""

from __future__ import annotations

import keras

from stele.zoo import digits
from stele.zoo.fit import fit, seed_everything
from stele.zoo.model import Recipe


def _small_training(seed, reports):
    seed_everything(seed)
    split = digits.load_split()
    image = keras.Input((8, 8, 1), name="image")
    features = keras.layers.Dropout(0.5)(keras.layers.Flatten()(image))
    model = keras.Model({"image": image}, keras.layers.Dense(10, activation="softmax")(features))
    fit(
        model,
        {"image": split.train_images[:128]},
        split.train_labels[:128],
        Recipe(epochs=2, batch_size=32, learning_rate=1e-3),
        lambda *what: reports.append(what),
    )
    return [weight.tobytes() for weight in model.get_weights()]


def test_a_seed_decides_every_weight_to_the_bit():
    weights = _small_training(1, [])
    assert _small_training(1, []) == weights
    assert _small_training(2, []) != weights


def test_every_epoch_is_reported():
    reports = []
    _small_training(1, reports)
    assert [(done, total) for done, total, _ in reports] == [(1, 2), (2, 2)]
    assert all(note.startswith("loss ") for _, _, note in reports)
