"""The zoo: small models, trained here on real data, that every binding must run.

Importing this package imports neither TensorFlow nor a data set; `load` does.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from stele.contract.codes import Code, SteleError
from stele.zoo.model import KnownBad, ZooModel


@dataclass(frozen=True)
class Entry:
    """What can be said about a model without importing it.

    Attributes:
        name: The model's name, and that of its module in this package.
        summary: One line for people.
        data: Distributions whose release decides what training gives, beside
            TensorFlow, Keras and numpy.
        builds_on: Other modules of this package that this model's imports.
        known_bad: Set when the export is wrong on purpose.
    """

    name: str
    summary: str
    data: tuple[str, ...] = ()
    builds_on: tuple[str, ...] = ()
    known_bad: KnownBad | None = None

    def load(self) -> ZooModel:
        """Import the model's module, and TensorFlow with it.

        Raises:
            SteleError: FAILED_PRECONDITION when a package is missing.
        """
        try:
            module = importlib.import_module(f"{__name__}.{self.name}")
        except ModuleNotFoundError as error:
            raise SteleError(
                Code.FAILED_PRECONDITION,
                f'model "{self.name}" needs the package "{error.name}"; '
                "pip install 'tf-stele[cpu,zoo]'",
            ) from error
        model = module.MODEL
        assert isinstance(model, ZooModel)  # noqa: S101 - narrows Any, checks the registry
        return model


_ENTRIES = (
    Entry(
        "digits",
        "CNN with batch normalization and dropout on 8x8 handwritten digits",
        data=("scikit-learn",),
    ),
    Entry(
        "langid",
        "Which language a text is in: strings in, vocabulary lookup inside the model",
        data=("babel", "scikit-learn"),
    ),
    Entry(
        "dtypes",
        "One signature per dtype, any rank, several outputs, bits that must survive",
        builds_on=("dtype_values",),
    ),
    Entry(
        "normalized",
        "Wines by their chemistry: a Normalization layer, whose constants a session folds",
        data=("scikit-learn",),
    ),
    Entry(
        "augmented",
        "The digits with RandomFlip left in the model: predicts well, exports wrong",
        data=("scikit-learn",),
        builds_on=("digits",),
        known_bad=KnownBad(
            reason=(
                "Keras 3 exports an augmentation layer, and batch normalization behind it, "
                "in training mode: the SavedModel flips images at random, and its answer to "
                "one depends on the others in the batch; model.predict does neither"
            ),
            link="python-keras to python-tf",
        ),
    ),
)

REGISTRY: dict[str, Entry] = {entry.name: entry for entry in _ENTRIES}
DEFAULT: tuple[str, ...] = tuple(e.name for e in _ENTRIES if e.known_bad is None)


def find(name: str) -> Entry:
    """Return a model's entry.

    Raises:
        SteleError: NOT_FOUND, naming the models that there are.
    """
    entry = REGISTRY.get(name)
    if entry is None:
        known = ", ".join(REGISTRY)
        raise SteleError(Code.NOT_FOUND, f'no zoo model "{name}"; there are {known}')
    return entry
