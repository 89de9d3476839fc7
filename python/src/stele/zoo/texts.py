"""Short texts with a class each, split for training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import train_test_split

from stele.contract.dtypes import Array


@dataclass(frozen=True)
class Split:
    """Texts, object ``[rows]`` of UTF-8 ``bytes``, and labels int64 ``[rows]``."""

    train_texts: Array
    train_labels: Array
    heldout_texts: Array
    heldout_labels: Array


def split(texts: Sequence[bytes], labels: Sequence[int], seed: int) -> Split:
    """Split texts four to one, each class in the same proportion."""
    parts = train_test_split(
        np.array(texts, object),
        np.array(labels, np.int64),
        test_size=0.2,
        stratify=labels,
        random_state=seed,
    )
    train_texts, heldout_texts, train_labels, heldout_labels = parts
    return Split(train_texts, train_labels, heldout_texts, heldout_labels)
