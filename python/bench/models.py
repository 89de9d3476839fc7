"""Writes the SavedModels that the benchmarks of the server need beside the zoo's.

    python models.py FOLDER

``heavy``: a perceptron whose work is in its 40 MB of weights: one row needs all of
them, and so does a batch. ``rows``: outputs whose bits
depend on their own row alone, whatever else is in the batch.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import tensorflow as tf

WIDTHS = (784, 2048, 2048, 2048, 10)


class Perceptron(tf.Module):
    """Seeded weights, never trained: only the work counts here."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = [
            tf.Variable(tf.random.stateless_normal([inputs, outputs], [inputs, outputs]) * 0.03)
            for inputs, outputs in itertools.pairwise(WIDTHS)
        ]

    @tf.function(input_signature=[tf.TensorSpec([None, WIDTHS[0]], tf.float32, name="x")])
    def __call__(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return a probability for each class."""
        for weights in self.weights[:-1]:
            x = tf.nn.relu(x @ weights)
        return {"y": tf.nn.softmax(x @ self.weights[-1])}


class Rows(tf.Module):
    """Element by element, and no arithmetic: a sign and a bit are exact in any thread."""

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, 3], tf.float32, name="number"),
            tf.TensorSpec([None], tf.int64, name="count"),
            tf.TensorSpec([None, 2], tf.string, name="text"),
        ]
    )
    def __call__(
        self, number: tf.Tensor, count: tf.Tensor, text: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Return what can be told from the inputs, row by row."""
        return {
            "negative": -number,
            "inverted": tf.bitwise.invert(count),
            "upper": tf.strings.upper(text),
        }


def main(folder: Path) -> None:
    """Write both."""
    for name, model in (("heavy", Perceptron()), ("rows", Rows())):
        tf.saved_model.save(model, folder / name, signatures=model.__call__)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
