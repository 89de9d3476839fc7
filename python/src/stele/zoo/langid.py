"""Which language is this text in: strings in, strings out, lookup inside the model.

Data: names of languages, countries, scripts, currencies, months and days in the
Unicode CLDR, as Babel brings them along. 54 languages in 29 writing systems, one
of them (Chakma) beyond the Basic Multilingual Plane.

The model is a fastText classifier (Joulin et al., "Bag of Tricks for Efficient Text
Classification", 2016) on characters: the mean of the embeddings of all character
n-grams, and one softmax.

Signature ``serving_default``: ``text`` BYTES [?] to ``language`` BYTES [?] (the
CLDR code, such as ``de``), ``label`` INT64 [?] (its place in `LANGUAGES`) and
``probabilities`` FP32 [?,54]. Bytes that are no UTF-8 count as U+FFFD.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import keras
import numpy as np
from babel import Locale

from stele.zoo.fit import fit, for_predictions, seed_everything
from stele.zoo.model import HELDOUT, Case, KerasResult, Recipe, Report, ZooModel
from stele.zoo.texts import Split, split

SEED = 1822
RECIPE = Recipe(epochs=5, batch_size=256, learning_rate=1e-2)
SOURCE = "CLDR names in Babel, held-out part"
VOCABULARY_SIZE = 20_000
EMBEDDING_SIZE = 48
PADDING = 0

_BY_SCRIPT = {
    "Arabic": "ar fa ur",
    "Armenian": "hy",
    "Bengali": "bn",
    "Chakma": "ccp",
    "Cherokee": "chr",
    "Cyrillic": "be bg mn ru sr uk",
    "Devanagari": "hi",
    "Ethiopic": "am ti",
    "Georgian": "ka",
    "Greek": "el",
    "Gujarati": "gu",
    "Gurmukhi": "pa",
    "Han": "zh",
    "Hebrew": "he",
    "Japanese": "ja",
    "Kannada": "kn",
    "Khmer": "km",
    "Korean": "ko",
    "Lao": "lo",
    "Latin": "cs cy de en es eu fi fr hu it nl pl pt sv tr vi yo zu",
    "Malayalam": "ml",
    "Myanmar": "my",
    "N'Ko": "nqo",
    "Odia": "or",
    "Ol Chiki": "sat",
    "Sinhala": "si",
    "Tamil": "ta",
    "Telugu": "te",
    "Thai": "th",
}
LANGUAGES = tuple(sorted(" ".join(_BY_SCRIPT.values()).split()))
"""CLDR codes; the place of a language in this tuple is its label."""


def load_split() -> Split:
    """Split the names four to one, each language in the same proportion.

    A name that two languages share (as "Angola" is in many) has no one right answer
    and is left out; so no text is in both parts, however its case is written.
    """
    names = [sorted(_names(language)) for language in LANGUAGES]
    owners = Counter(key for own in names for key in {name.casefold() for name in own})
    texts, labels, seen = [], [], set()
    for label, own in enumerate(names):
        for name in own:
            key = name.casefold()
            if owners[key] == 1 and key not in seen:
                seen.add(key)
                texts.append(name.encode())
                labels.append(label)
    return split(texts, labels, SEED)


def _names(language: str) -> set[str]:
    """Collect a language's names; a code that the CLDR leaves untranslated is none."""
    locale = Locale.parse(language)
    tables = [locale.languages, locale.territories, locale.scripts, locale.currencies]
    tables += [
        form["wide"] for calendar in (locale.months, locale.days) for form in calendar.values()
    ]
    return {
        name for table in tables for key, name in table.items() if name != key and len(name) > 2
    }


def _train(report: Report) -> KerasResult:
    report(0, RECIPE.epochs, "counting n-grams")
    seed_everything(SEED)
    split = load_split()
    vectorize = keras.layers.TextVectorization(
        VOCABULARY_SIZE, standardize="lower", split="character", ngrams=3, name="ngrams"
    )
    vectorize.adapt(split.train_texts)

    # Trained on n-gram ids, for looking each text up once is enough.
    ids = keras.Input((None,), dtype="int64", name="ids")
    classifier = keras.Model({"ids": ids}, _classify(ids), name="classifier")
    fit(
        classifier,
        {"ids": np.asarray(vectorize(split.train_texts))},
        split.train_labels,
        RECIPE,
        report,
    )

    text = keras.Input((), dtype="string", name="text")
    probabilities = classifier({"ids": vectorize(text)})
    label = keras.ops.cast(keras.ops.argmax(probabilities, axis=-1), "int64")
    language = keras.layers.StringLookup(vocabulary=LANGUAGES, num_oov_indices=0, invert=True)
    model = keras.Model(
        {"text": text},
        {"language": language(label), "label": label, "probabilities": probabilities},
        name="langid",
    )
    for_predictions(model)
    return KerasResult(model, len(split.train_labels), len(LANGUAGES), RECIPE)


def _classify(ids: keras.KerasTensor) -> keras.KerasTensor:
    """Map n-gram ids ``[?,?]``, 0 for padding, to probabilities ``[?,54]``."""
    embeddings = keras.layers.Embedding(VOCABULARY_SIZE, EMBEDDING_SIZE)(ids)
    present = keras.ops.cast(keras.ops.not_equal(ids, PADDING), "float32")
    total = keras.ops.sum(embeddings * present[..., np.newaxis], axis=1)
    # The empty string has no n-gram: its mean is zero, not 0/0.
    count = keras.ops.maximum(keras.ops.sum(present, axis=1, keepdims=True), 1.0)
    return keras.layers.Dense(len(LANGUAGES), activation="softmax")(total / count)


def _cases() -> Iterator[Case]:
    split = load_split()
    for name, rows in (("one", 1), ("batch-3", 3), ("batch-32", 32), (HELDOUT, None)):
        yield Case(
            name,
            {"text": split.heldout_texts[:rows]},
            SOURCE,
            labels=split.heldout_labels[:rows],
        )
    one_of_each = [int(np.argmax(split.heldout_labels == i)) for i in range(len(LANGUAGES))]
    yield Case(
        "every-language",
        {"text": split.heldout_texts[one_of_each]},
        SOURCE,
        labels=split.heldout_labels[one_of_each],
    )
    yield Case("empty-batch", {"text": np.array([], object)}, "no text at all")
    for name, texts in _AWKWARD.items():
        yield Case(name, {"text": np.array(texts, object)}, "made for this test")


_AWKWARD: dict[str, list[bytes]] = {
    "empty-string": [b""],
    "empty-among-others": [b"", b"Donnerstag", b""],
    "nul-bytes": [b"\0", b"Don\0ners\0tag", b"\0\0Donnerstag\0"],
    "invalid-utf8": [
        b"\xff\xfe",  # never in UTF-8
        b"Espa\xf1a",  # Latin-1
        b"\xe2\x82",  # cut short
        b"\xc0\xaf",  # overlong
        b"\xed\xa0\x80",  # a surrogate
        b"\xf4\x90\x80\x80",  # beyond U+10FFFF
    ],
    "long": ["Я люблю говорить. ".encode() * 1000],
    "beyond-bmp": ["𑄌𑄋𑄴𑄟𑄳𑄦".encode(), "😀".encode()],
    "whitespace": [b" ", b"\t\r\n", "\u3000\u200b".encode()],
    "combining": ["é".encode(), "e\u0301".encode()],
}

MODEL = ZooModel(seed=SEED, train=_train, cases=_cases, accuracy_bar=0.85)
