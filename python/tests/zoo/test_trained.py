"""The trained models: what they reach, what they offer, and that every link agrees."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf

from stele import savedmodel, zoo
from stele.contract.signature import DEFAULT_SIGNATURE, DEFAULT_TAGS
from stele.zoo import langid
from stele.zoo.layout import CASES, METRICS, SAVED_MODEL
from stele.zoo.model import HELDOUT

from .runners import bits, keras_runner, session_runner, signature_runner, stored_cases

CLASSIFIERS = ("digits", "langid")
REFUSED = "INVALID_ARGUMENT"


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_held_out_accuracy_reaches_the_bar_in_the_saved_model(trained, name):
    folder = trained(name)
    metrics = json.loads((folder / METRICS).read_text())
    bar = zoo.find(name).load().accuracy_bar
    _, description, inputs = next(case for case in stored_cases(folder) if case[0] == HELDOUT)
    labels = np.array(description["labels"])

    outputs = signature_runner(folder)(description["signature"], inputs)

    accuracy = np.mean(outputs[description["scores"]].argmax(axis=-1) == labels)
    assert accuracy == metrics["accuracy"] >= bar == metrics["accuracy_bar"]
    assert len(labels) == metrics["heldout_size"]
    assert metrics["majority_share"] == np.bincount(labels).max() / len(labels)
    assert accuracy > 5 * metrics["majority_share"]


def test_digits_bar_is_the_one_promised():
    assert zoo.find("digits").load().accuracy_bar >= 0.97


def answer(run, signature, inputs):
    """Return the bits, or that TensorFlow refuses: an empty batch, where it uses oneDNN."""
    try:
        return bits(run(signature, inputs))
    except tf.errors.InvalidArgumentError:
        return REFUSED


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_keras_signature_and_session_agree_to_the_bit(trained, name):
    folder = trained(name)
    by_keras, by_signature = keras_runner(folder), signature_runner(folder)
    with session_runner(folder) as by_session:
        for case, description, inputs in stored_cases(folder):
            signature = description["signature"]
            expected = answer(by_keras, signature, inputs)
            assert expected is not REFUSED or case == "empty-batch"
            assert answer(by_signature, signature, inputs) == expected, case
            assert answer(by_session, signature, inputs) == expected, case


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_row_count_for_every_need(trained, name):
    rows = {
        case: len(next(iter(inputs.values()))) for case, _, inputs in stored_cases(trained(name))
    }
    assert rows["empty-batch"] == 0
    assert rows["one"] == 1
    assert rows["batch-3"] == 3
    assert rows["batch-32"] == 32


def _signature(folder):
    found = savedmodel.load_signatures(folder / SAVED_MODEL, DEFAULT_TAGS)
    spec = found[DEFAULT_SIGNATURE]
    return [[(t.name, t.dtype, t.shape) for t in side] for side in (spec.inputs, spec.outputs)]


def test_digits_signature(trained):
    assert _signature(trained("digits")) == [
        [("image", "FP32", (None, 8, 8, 1))],
        [("probabilities", "FP32", (None, 10))],
    ]


def test_langid_signature(trained):
    assert _signature(trained("langid")) == [
        [("text", "BYTES", (None,))],
        [
            ("label", "INT64", (None,)),
            ("language", "BYTES", (None,)),
            ("probabilities", "FP32", (None, 54)),
        ],
    ]


def test_the_drawn_zero_is_a_zero(trained):
    cases = {name: inputs for name, _, inputs in stored_cases(trained("digits"))}
    outputs = signature_runner(trained("digits"))("serving_default", cases["hand-drawn-zero"])
    assert outputs["probabilities"].argmax() == 0
    assert outputs["probabilities"].max() > 0.9


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Donnerstag", "de"),
        ("понеділок", "uk"),
        ("ខែមករា", "km"),
        ("𑄌𑄋𑄴𑄟𑄳𑄦", "ccp"),
        ("日本語", "ja"),
    ],
)
def test_langid_knows_words(trained, text, language):
    run = signature_runner(trained("langid"))
    outputs = run("serving_default", {"text": np.array([text.encode()], object)})
    assert outputs["language"].tolist() == [language.encode()]
    assert langid.LANGUAGES[outputs["label"][0]] == language


def test_langid_answers_whatever_the_bytes(trained):
    run = signature_runner(trained("langid"))
    cases = {name: inputs for name, _, inputs in stored_cases(trained("langid"))}
    for name in ("empty-string", "nul-bytes", "invalid-utf8", "long", "beyond-bmp"):
        outputs = run("serving_default", cases[name])
        np.testing.assert_allclose(outputs["probabilities"].sum(axis=-1), 1, rtol=1e-5)
        assert (outputs["label"] == outputs["probabilities"].argmax(axis=-1)).all()


def test_bundles_hold_what_the_cases_say(trained):
    for name in zoo.DEFAULT:
        stored = {case: bits(inputs) for case, _, inputs in stored_cases(trained(name))}
        made = {case.name: bits(dict(case.inputs)) for case in zoo.find(name).load().cases()}
        assert stored == made
        assert sorted(stored) == sorted(p.name for p in (trained(name) / CASES).iterdir())
