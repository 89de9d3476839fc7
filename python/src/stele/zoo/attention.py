"""What a name names, read letter by letter by a small Transformer.

Data: English, French and German names of languages, countries, scripts and currencies in
the Unicode CLDR, as Babel brings them along.

Blocks: `TextVectorization`, `Embedding` of letters (with a mask) and of places,
`MultiHeadAttention` with its scores, `LayerNormalization`, GELU, `Dropout`, residual
`Add`, `GlobalMaxPooling1D`.

Signature ``serving_default``: ``text`` BYTES [?] to ``probabilities`` FP32 [?,4] (of
`KINDS`), ``kind`` BYTES [?], ``scores`` FP32 [?,`HEADS`,`LENGTH`,`LENGTH`] (who attends to
whom) and ``embedding`` FP32 [?,`SIZE`].
"""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np
from babel import Locale

from stele.zoo.fit import fit, for_predictions, seed_everything
from stele.zoo.model import HELDOUT, Case, KerasResult, Recipe, Report, ZooModel
from stele.zoo.texts import Split, split

SEED = 1917
RECIPE = Recipe(epochs=8, batch_size=64, learning_rate=5e-3, optimizer="Nadam")
SOURCE = "CLDR names in Babel, held-out part"
KINDS = ("language", "territory", "script", "currency")
LENGTH = 24
SIZE = 24
HEADS = 2
VOCABULARY_SIZE = 80


def load_split() -> Split:
    """Split the names four to one, each kind in the same proportion; no name in both parts."""
    named: dict[str, set[int]] = {}
    for code in ("en", "fr", "de"):
        locale = Locale.parse(code)
        tables = (locale.languages, locale.territories, locale.scripts, locale.currencies)
        for kind, table in enumerate(tables):
            for key, name in table.items():
                if name != key:
                    named.setdefault(name.casefold(), set()).add(kind)
    single = sorted((name, kinds) for name, kinds in named.items() if len(kinds) == 1)
    return split([name.encode() for name, _ in single], [min(kinds) for _, kinds in single], SEED)


def _read(ids: keras.KerasTensor) -> dict[str, keras.KerasTensor]:
    """Read letters ``[?,LENGTH]``, 0 for padding."""
    layers = keras.layers
    letters = layers.Embedding(VOCABULARY_SIZE, SIZE, mask_zero=True)(ids)
    places = layers.Embedding(LENGTH, SIZE, name="places")(keras.ops.arange(LENGTH))
    x = letters + places
    attend = layers.MultiHeadAttention(HEADS, SIZE // HEADS, name="attend")
    seen, scores = attend(x, x, return_attention_scores=True)
    x = layers.LayerNormalization()(layers.Add()([x, layers.Dropout(0.1)(seen)]))
    wide = layers.Dense(2 * SIZE, activation="gelu")(x)
    x = layers.LayerNormalization()(layers.Add()([x, layers.Dense(SIZE)(wide)]))
    embedding = layers.GlobalMaxPooling1D()(x)
    probabilities = layers.Dense(len(KINDS), activation="softmax")(embedding)
    return {"probabilities": probabilities, "scores": scores, "embedding": embedding}


def _train(report: Report) -> KerasResult:
    seed_everything(SEED)
    split = load_split()
    vectorize = keras.layers.TextVectorization(
        VOCABULARY_SIZE, "lower", "character", output_sequence_length=LENGTH
    )
    vectorize.adapt(split.train_texts)

    # Trained on ids, for looking each text up once is enough.
    ids = keras.Input((LENGTH,), dtype="int64", name="ids")
    reader = keras.Model({"ids": ids}, _read(ids), name="reader")
    classifier = keras.Model({"ids": ids}, {"probabilities": reader.output["probabilities"]})
    given = {"ids": np.asarray(vectorize(split.train_texts))}
    fit(classifier, given, split.train_labels, RECIPE, report)

    text = keras.Input((), dtype="string", name="text")
    outputs = reader({"ids": vectorize(text)})
    best = keras.ops.argmax(outputs["probabilities"], axis=-1)
    names = keras.layers.StringLookup(vocabulary=KINDS, num_oov_indices=0, invert=True)
    model = keras.Model({"text": text}, {**outputs, "kind": names(best)}, name="attention")
    for_predictions(model)
    return KerasResult(model, len(split.train_labels), len(KINDS), RECIPE)


def _cases() -> Iterator[Case]:
    split = load_split()
    for name, rows in (("one", 1), (HELDOUT, 200)):
        labels = split.heldout_labels[:rows]
        yield Case(name, {"text": split.heldout_texts[:rows]}, SOURCE, labels=labels)
    texts = [b"", b"\xff\xfe", "Zürich 😀 in a very long text".encode()]
    yield Case("odd", {"text": np.array(texts, object)}, "made for this test")


MODEL = ZooModel(seed=SEED, train=_train, cases=_cases, accuracy_bar=0.6)
