"""MobileNetV2 without downloaded weights answers each image in a way of its own."""

from __future__ import annotations

import keras
import numpy as np

from stele.parity import case as cases
from stele.parity import plan
from stele.zoo import mobilenet
from stele.zoo.layout import KERAS_FILE
from stele.zoo.model import HELDOUT

from .runners import signature_runner, stored_cases


def test_answers_vary(trained):
    folder = trained("mobilenet")
    run = signature_runner(folder)
    crops = next(inputs for name, _, inputs in stored_cases(folder) if name == HELDOUT)
    noise = np.random.default_rng(1).uniform(0, 255, (1, *mobilenet.SHAPE)).astype(np.float32)
    answers = np.concatenate(
        [run("serving_default", {"image": x})["probabilities"] for x in (crops["image"], noise)]
    )
    apart = np.abs(answers[:, None] - answers[None]).max(axis=-1)
    assert apart[~np.eye(len(answers), dtype=bool)].min() > 0.01
    assert len(set(answers.argmax(axis=-1))) >= mobilenet.CLASSES // 2


def test_every_statistic_is_of_the_photographs(trained):
    model = keras.models.load_model(trained("mobilenet") / KERAS_FILE)
    found = [one for one in model.layers if isinstance(one, keras.layers.BatchNormalization)]
    assert len(found) == 52
    for layer in found:
        assert np.any(np.asarray(layer.moving_mean) != 0), layer.name
        assert np.all(np.asarray(layer.moving_variance) != 1), layer.name
        # What it was adapted with is not what it goes on with.
        assert layer.momentum == 0.999, layer.name


def test_held_out_crops_are_at_places_of_their_own():
    train, train_labels = mobilenet.load_crops(heldout=False)
    heldout, labels = mobilenet.load_crops(heldout=True)
    assert heldout.shape == (mobilenet.CLASSES, *mobilenet.SHAPE)
    assert labels.tolist() == sorted(set(train_labels.tolist()))
    seen = {crop.tobytes() for crop in train}
    assert len(seen) == len(train)
    assert not seen & {crop.tobytes() for crop in heldout}


def test_it_is_tried_on_less(trained, tmp_path):
    trained("mobilenet")
    target = cases.find("mobilenet")
    made = plan.make(target, cases.collect(target, tmp_path / "in"), tmp_path, bad=True)
    generated = [f"serving_default/{name}" for name in ("batch1", "batch0", "edge")]
    assert [case.name for case in made.cases] == ["crop", HELDOUT, *generated]
    assert made.load_rows == []
    # What is refused at a run is refused here, too: spoiled copies of a single row.
    assert made.base is not None
    assert made.base.name == "crop"
    assert "bad/wrong-rank" in [case.name for case in made.run_rows]
