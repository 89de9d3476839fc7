"""The known-bad fixture is bad in the way that it says."""

from __future__ import annotations

import json

import numpy as np

from stele.zoo.layout import METRICS

from .runners import bits, keras_runner, signature_runner, stored_cases


def test_keras_predicts_well_and_the_export_is_random(trained):
    folder = trained("augmented")
    cases = {name: inputs for name, _, inputs in stored_cases(folder)}
    by_keras, by_signature = keras_runner(folder), signature_runner(folder)
    images = cases["batch-32"]

    in_memory = bits(by_keras("serving_default", images))
    exported = [by_signature("serving_default", images) for _ in range(8)]

    assert bits(by_keras("serving_default", images)) == in_memory
    assert in_memory not in [bits(answer) for answer in exported]
    assert len({json.dumps(answer["probabilities"].tolist()) for answer in exported}) > 1


def test_batch_normalization_is_exported_in_training_mode(trained):
    """Flipping leaves a symmetric image as it is: what still differs is not the flip."""
    folder = trained("augmented")
    image = next(inputs for name, _, inputs in stored_cases(folder) if name == "batch-32")["image"]
    symmetric = {"image": np.maximum(image, image[:, :, ::-1])}
    alone = {"image": symmetric["image"][:1]}
    by_keras, by_signature = keras_runner(folder), signature_runner(folder)

    assert bits(by_signature("serving_default", symmetric)) == bits(
        by_signature("serving_default", symmetric)
    )
    answer = by_signature("serving_default", symmetric)["probabilities"]
    assert not np.allclose(answer, by_keras("", symmetric)["probabilities"], atol=0.01)
    # One image in another company: another answer, though not from Keras.
    assert not np.allclose(
        answer[0], by_signature("serving_default", alone)["probabilities"][0], atol=0.01
    )
    np.testing.assert_allclose(
        by_keras("", symmetric)["probabilities"][0],
        by_keras("", alone)["probabilities"][0],
        atol=1e-5,
    )


def test_a_fresh_load_flips_in_the_same_order(trained):
    folder = trained("augmented")
    image = next(inputs for name, _, inputs in stored_cases(folder) if name == "batch-32")
    runs = []
    for _ in range(2):
        run = signature_runner(folder)
        runs.append([bits(run("serving_default", image)) for _ in range(3)])
    assert runs[0] == runs[1]


def test_metrics_say_so(trained):
    metrics = json.loads((trained("augmented") / METRICS).read_text())
    assert metrics["known_bad"]["link"] == "python-keras to python-tf"
    assert metrics["accuracy"] >= metrics["accuracy_bar"]
