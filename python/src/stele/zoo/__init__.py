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
        basic: Whether all that takes long is tried on it, too: converting it, compiling
            a program for it in every language.
        heavy: Whether to load and to run it is so much work that it is tried on less: inputs
            are made up for one signature, with one row, and its files are not damaged.
        known_bad: Set when the export is wrong on purpose.
    """

    name: str
    summary: str
    data: tuple[str, ...] = ()
    builds_on: tuple[str, ...] = ()
    basic: bool = False
    heavy: bool = False
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
        basic=True,
    ),
    Entry(
        "langid",
        "Which language a text is in: strings in, vocabulary lookup inside the model",
        data=("babel", "scikit-learn"),
        basic=True,
        builds_on=("texts",),
    ),
    Entry(
        "dtypes",
        "One signature per dtype, any rank, several outputs, bits that must survive",
        builds_on=("dtype_values",),
        basic=True,
    ),
    Entry(
        "normalized",
        "Wines by their chemistry: a Normalization layer, whose constants a session folds",
        data=("scikit-learn",),
        basic=True,
    ),
    Entry(
        "counter",
        "A SavedModel with a memory: what a call answers depends on the calls before it",
        builds_on=("signatures",),
    ),
    Entry(
        "control",
        "Loops, branches, ragged rows, 50 inputs, shapes that only a run knows",
        builds_on=("signatures",),
    ),
    Entry(
        "mpg",
        "How far a car goes on a gallon: columns of mixed dtypes, preprocessing inside, two heads",
        data=("bokeh_sampledata",),
    ),
    Entry(
        "forecast",
        "The temperature of the sea, hours ahead: LSTM and GRU, masks, an unknown time dimension",
        data=("bokeh_sampledata",),
    ),
    Entry(
        "attention",
        "What a name names: a small Transformer on letters, text in, several outputs",
        data=("babel", "scikit-learn"),
        builds_on=("texts",),
    ),
    Entry(
        "photo",
        "Which photograph a piece is from: uint8 of any size in, every pooling on the way",
        data=("scikit-learn",),
    ),
    Entry(
        "mobilenet",
        "Which third of which photograph a crop is from: MobileNetV2 at 224x224, the heavy one",
        data=("scikit-learn",),
        builds_on=("photo",),
        heavy=True,
    ),
    Entry(
        "generator",
        "Writes names letter by letter in a loop of the graph, and random numbers that repeat",
        data=("babel",),
        builds_on=("signatures",),
    ),
    Entry(
        "blocks",
        "The layers and activations that no other model has, side by side",
    ),
    Entry(
        "quantized",
        "The digits in int8, as Keras quantizes a trained model: weights, and what meets them",
        data=("scikit-learn",),
        builds_on=("digits",),
    ),
    Entry(
        "mixed",
        "The digits in 16 bits: a tower in float16 and one in bfloat16, and outputs of both",
        data=("scikit-learn",),
        builds_on=("digits",),
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
BASIC: tuple[str, ...] = tuple(e.name for e in _ENTRIES if e.basic)


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
