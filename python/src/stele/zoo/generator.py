"""Writes names letter by letter, in a loop inside the graph; and random numbers that repeat.

Data: English names of countries in the Unicode CLDR, as Babel brings them along.

Blocks: an `Embedding` and a `GRUCell`, trained as a `RNN` and called one step at a time
inside a `tf.while_loop`; `stateless` random ops of TensorFlow, whose numbers follow from the seed
that the caller gives, in every binding and to the bit.

Signatures:
    ``serving_default``: ``prompt`` BYTES [?] (ASCII letters), ``seed`` INT32 [2],
        ``temperature`` FP32 [] to ``text`` BYTES [?], the prompt and what follows, no
        longer than `LENGTH` letters, and ``letters`` INT32 [?,`LENGTH`].
    ``noise``: ``seed`` INT64 [2], ``rows`` INT32 [] to ``uniform`` FP32 [?,4], ``normal``
        FP32 [?,4], ``whole`` INT32 [?,4], ``order`` INT32 [?] (a permutation) and ``bits``
        UINT64 [?].
"""

from __future__ import annotations

import string
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf
from babel import Locale

from stele.contract.dtypes import Array
from stele.zoo.fit import fit, seed_everything
from stele.zoo.model import Case, ModuleResult, Recipe, Report, ZooModel
from stele.zoo.signatures import traced

SEED = 451
RECIPE = Recipe(epochs=30, batch_size=32, learning_rate=2e-2, optimizer="Lion")
SOURCE = "made for this test"
LETTERS = "\n" + string.ascii_lowercase + " "
"""What is written; the first ends a name, and stands before it."""
LENGTH = 16
UNITS = 48
MOST_ROWS = 64


def load_names() -> Array:
    """Return names as places in `LETTERS`, int32 ``[rows,LENGTH + 1]``, 0 before and behind."""
    named = Locale.parse("en").territories.values()
    names = sorted({name.lower() for name in named if set(name.lower()) <= set(LETTERS)})
    rows = np.zeros((len(names), LENGTH + 1), np.int32)
    for row, name in zip(rows, names, strict=True):
        letters = [LETTERS.index(letter) for letter in name[: LENGTH - 1]]
        row[1 : 1 + len(letters)] = letters
    return rows


class Generator(tf.Module):  # type: ignore[misc]
    """The trained parts, and the loop that writes with them."""

    def __init__(self) -> None:
        super().__init__(name="generator")
        self.embed = keras.layers.Embedding(len(LETTERS), UNITS // 2)
        self.cell = keras.layers.GRUCell(UNITS)
        self.choose = keras.layers.Dense(len(LETTERS))
        self.alphabet = tf.constant(list(LETTERS))

    def step(self, letter: tf.Tensor, state: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Read a letter; return logits of the next one, and the state."""
        output, (state,) = self.cell(self.embed(letter), [state])
        return self.choose(output), state

    def write(
        self, prompt: tf.Tensor, seed: tf.Tensor, temperature: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Continue each prompt until its name ends, or is `LENGTH` letters long."""
        given = self._places(prompt)
        rows = tf.shape(given)[0]
        cool = tf.maximum(temperature, 0.01)

        def longer(place: tf.Tensor, *_: tf.Tensor) -> tf.Tensor:
            return place < LENGTH

        def more(
            place: tf.Tensor, last: tf.Tensor, state: tf.Tensor, done: tf.Tensor
        ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
            logits, state = self.step(last, state)
            drawn = tf.random.stateless_uniform(tf.shape(logits), seed + place)
            # The greatest of logits plus Gumbel noise is a draw from their softmax.
            noise = -tf.math.log(-tf.math.log(tf.clip_by_value(drawn, 1e-6, 1 - 1e-6)))
            chosen = tf.argmax(logits / cool + noise, axis=-1, output_type=tf.int32)
            told = given[:, place]
            ended = (last == 0) & (place > 0) & (told == 0)
            letter = tf.where(told > 0, told, tf.where(ended, 0, chosen))
            done = tf.concat([done, letter[:, tf.newaxis]], axis=1)
            return place + 1, letter, state, done

        start = tf.zeros([rows], tf.int32)
        begun = (0, start, tf.zeros([rows, UNITS]), tf.zeros([rows, 0], tf.int32))
        unknown = tf.TensorShape([None])
        shapes = (tf.TensorShape([]), unknown, tf.TensorShape([None, UNITS]))
        _, _, _, letters = tf.while_loop(
            longer, more, begun, shape_invariants=(*shapes, tf.TensorShape([None, None]))
        )
        letters = tf.ensure_shape(letters, [None, LENGTH])
        written = tf.strings.reduce_join(tf.gather(self.alphabet, letters), axis=1)
        return {"text": tf.strings.strip(written), "letters": letters}

    def _places(self, prompt: tf.Tensor) -> tf.Tensor:
        """Find letters in `LETTERS`, ``[?,LENGTH]``; 0 for all others and behind the end."""
        split = tf.strings.bytes_split(tf.strings.lower(tf.strings.substr(prompt, 0, LENGTH)))
        padded = split.to_tensor("\n", shape=[None, LENGTH])
        same = padded[..., tf.newaxis] == self.alphabet
        return tf.reduce_max(tf.where(same, tf.range(len(LETTERS)), 0), axis=-1)


def _noise(seed: tf.Tensor, rows: tf.Tensor) -> dict[str, tf.Tensor]:
    count = tf.clip_by_value(rows, 0, MOST_ROWS)
    shape = tf.stack([count, 4])
    random = tf.random
    bits = {"minval": None, "maxval": None, "dtype": tf.uint64}
    return {
        "uniform": random.stateless_uniform(shape, seed),
        "normal": random.stateless_normal(shape, seed),
        "whole": random.stateless_uniform(shape, seed, -1000, 1000, tf.int32),
        "order": random.experimental.stateless_shuffle(tf.range(count), seed),
        "bits": random.stateless_uniform([count], seed, **bits),
    }


def _train(report: Report) -> ModuleResult:
    seed_everything(SEED)
    generator = Generator()
    rows = load_names()
    letters = keras.Input((LENGTH,), dtype="int32", name="letters")
    states = keras.layers.RNN(generator.cell, return_sequences=True)(generator.embed(letters))
    logits = generator.choose(states)
    model = keras.Model({"letters": letters}, keras.layers.Softmax()(logits))
    fit(model, {"letters": rows[:, :-1]}, rows[:, 1:], RECIPE, report)

    text = tf.TensorSpec([None], tf.string)
    scalar = tf.TensorSpec([], tf.float32)
    pair = tf.TensorSpec([2], tf.int32)
    write = traced(generator.write, prompt=text, seed=pair, temperature=scalar)
    pair = tf.TensorSpec([2], tf.int64)
    noise = traced(_noise, seed=pair, rows=tf.TensorSpec([], tf.int32))
    # A session restores the variables that TensorFlow knows of, and knows not those of layers.
    generator.restored = [weight.value for weight in model.weights]
    return ModuleResult(generator, {"serving_default": write, "noise": noise}, RECIPE)


def _cases() -> Iterator[Case]:
    prompts = np.array([b"", b"s", b"New ", b"\xff42", b"united states of america"], object)
    for name, seed, temperature in (("cool", [1, 2], 0.1), ("warm", [3, -4], 1.0)):
        inputs = {
            "prompt": prompts,
            "seed": np.array(seed, np.int32),
            "temperature": np.array(temperature, np.float32),
        }
        yield Case(name, inputs, SOURCE)
    inputs = {"seed": np.array([1 << 40, -7], np.int64), "rows": np.array(5, np.int32)}
    yield Case("noise", inputs, SOURCE, "noise")


MODEL = ZooModel(seed=SEED, train=_train, cases=_cases)
