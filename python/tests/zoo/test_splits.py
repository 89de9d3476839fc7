"""Nothing held out was seen in training, and the classes are in proportion."""

from __future__ import annotations

import unicodedata

import numpy as np

from stele.zoo import digits, langid


def test_digits_parts_are_disjoint_and_whole():
    split = digits.load_split()
    train = {image.tobytes() for image in split.train_images}
    heldout = {image.tobytes() for image in split.heldout_images}
    assert not train & heldout
    assert len(train) + len(heldout) == 1797
    assert split.train_images.shape == (1347, 8, 8, 1)
    assert split.train_images.dtype == np.float32
    assert (split.train_images.min(), split.train_images.max()) == (0, digits.PIXEL_MAX)


def test_digits_are_stratified():
    split = digits.load_split()
    shares = [
        np.bincount(labels, minlength=10) / len(labels)
        for labels in (split.train_labels, split.heldout_labels)
    ]
    np.testing.assert_allclose(*shares, atol=0.003)


def test_the_drawn_zero_is_in_neither_part():
    split = digits.load_split()
    zero = np.array(digits.HAND_DRAWN_ZERO, np.float32).tobytes()
    images = [*split.train_images, *split.heldout_images]
    assert zero not in {image.tobytes() for image in images}


def test_langid_parts_share_no_text_in_any_case():
    split = langid.load_split()
    train = [text.decode().casefold() for text in split.train_texts]
    heldout = [text.decode().casefold() for text in split.heldout_texts]
    assert not set(train) & set(heldout)
    # No text twice, so none under two labels.
    assert len(set(train + heldout)) == len(train) + len(heldout)
    assert len(train) > 40_000


def test_langid_has_every_language_in_both_parts_in_proportion():
    split = langid.load_split()
    for labels in (split.train_labels, split.heldout_labels):
        assert set(labels.tolist()) == set(range(len(langid.LANGUAGES)))
    shares = [
        np.bincount(labels) / len(labels) for labels in (split.train_labels, split.heldout_labels)
    ]
    np.testing.assert_allclose(*shares, atol=0.001)


def test_langid_spans_the_scripts_that_it_states():
    assert "54 languages in 29 writing systems" in langid.__doc__
    assert len(langid.LANGUAGES) == len(set(langid.LANGUAGES)) == 54
    assert len(langid._BY_SCRIPT) == 29
    texts = [text.decode() for text in langid.load_split().heldout_texts]
    letters = {char for text in texts for char in text if char.isalpha()}
    # The first word of a letter's name is its script's: LATIN SMALL LETTER A.
    assert len({unicodedata.name(char, "?").split()[0] for char in letters}) >= 29
    assert max(letters) > "\uffff"
