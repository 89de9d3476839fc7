"""A SavedModel with a memory: variables that every call changes, and a table that it fills.

Nothing is trained. What a call answers depends on the calls before it, so that a binding
which loads twice, shares state between two loads, or runs a call once too often (to warm
up, to check) answers something else.

Signatures:
    ``serving_default``: ``amounts`` FP32 [?,3] to ``totals`` FP32 [3], the sums of all rows
        so far, and ``calls`` INT64 [], this one counted.
    ``peek``: ``scale`` FP32 [] to ``totals`` times it; changes nothing, and so says after a
        fresh load that it is fresh.
    ``visits``: ``names`` BYTES [?] to ``counts`` INT64 [?], how often each has come so far,
        and ``known`` INT64 [], how many there are.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from stele.zoo.model import Case, ModuleResult, Report, ZooModel
from stele.zoo.signatures import traced

SOURCE = "made for this test"


class Counter(tf.Module):  # type: ignore[misc]
    """Sums rows, counts calls, counts names."""

    def __init__(self) -> None:
        super().__init__(name="counter")
        self.totals = tf.Variable(tf.zeros([3]), name="totals")
        self.calls = tf.Variable(0, dtype=tf.int64, name="calls")
        self.seen = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, 0)

    def add(self, amounts: tf.Tensor) -> dict[str, tf.Tensor]:
        """Add rows to the totals."""
        totals = self.totals.assign_add(tf.reduce_sum(amounts, axis=0))
        calls = self.calls.assign_add(1)
        return {"totals": tf.identity(totals), "calls": tf.identity(calls)}

    def peek(self, scale: tf.Tensor) -> dict[str, tf.Tensor]:
        """Read the totals."""
        return {"totals": self.totals * scale}

    def visits(self, names: tf.Tensor) -> dict[str, tf.Tensor]:
        """Count names; one that comes twice in a call counts once."""
        counts = self.seen.lookup(names) + 1
        with tf.control_dependencies([self.seen.insert(names, counts)]):
            return {"counts": counts, "known": self.seen.size()}


def _train(report: Report) -> ModuleResult:
    counter = Counter()
    report(1, 1, "3 signatures")
    return ModuleResult(
        counter,
        {
            "serving_default": traced(counter.add, amounts=tf.TensorSpec([None, 3])),
            "peek": traced(counter.peek, scale=tf.TensorSpec([])),
            "visits": traced(counter.visits, names=tf.TensorSpec([None], tf.string)),
        },
    )


def _cases() -> Iterator[Case]:
    # Run in the order of their names: each from where the one before left the model.
    first = np.array([[1, 10, 100]], np.float32)
    yield Case("add-1", {"amounts": first}, SOURCE)
    yield Case("add-2-again", {"amounts": first}, SOURCE)
    yield Case("add-3-rows", {"amounts": np.repeat(first, 3, axis=0) * 0.1}, SOURCE)
    yield Case("peek-1", {"scale": np.array(2, np.float32)}, SOURCE, "peek")
    for number, names in enumerate((["Ana", "Ben"], ["Ben", "Çelik"], [""], ["Ana"]), 1):
        texts = np.array([name.encode() for name in names], object)
        yield Case(f"visits-{number}", {"names": texts}, SOURCE, "visits")


MODEL = ZooModel(seed=0, train=_train, cases=_cases)
