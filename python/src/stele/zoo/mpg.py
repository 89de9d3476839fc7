"""How far a car goes on a gallon, and how fast it starts: a table with mixed columns.

Data: the 392 cars of 1970 to 1982 that bokeh_sampledata brings along (StatLib "cars",
CC0).

Blocks: preprocessing inside the model (`Normalization`, `Discretization`,
`IntegerLookup`, `StringLookup`, `Hashing`, `HashedCrossing`, `CategoryEncoding`,
`Embedding`), `Concatenate`, `Dense` with several activations, two heads with a loss each.

Signature ``serving_default``: ``cylinders`` INT64 [?], ``displacement`` FP32 [?] (cubic
inches), ``horsepower`` INT32 [?], ``make`` BYTES [?] (such as ``toyota``), ``origin`` BYTES
[?] (one of `ORIGINS`), ``weight`` FP64 [?] (pounds), ``year`` INT64 [?] (such as 76), to
``mpg`` FP32 [?,1] (miles per gallon) and ``acceleration`` FP32 [?,1] (seconds to 60 miles
per hour).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping

import keras
import numpy as np
from bokeh_sampledata import package_path

from stele.contract.dtypes import Array
from stele.zoo.fit import fit, seed_everything
from stele.zoo.model import Case, KerasResult, Recipe, Report, ZooModel

SEED = 392
RECIPE = Recipe(
    epochs=60,
    batch_size=32,
    learning_rate=1e-2,
    optimizer="AdamW",
    losses={"mpg": "Huber", "acceleration": "MeanSquaredError"},
)
SOURCE = "bokeh_sampledata auto-mpg, held-out part"
ORIGINS = ("North America", "Europe", "Asia")
HELDOUT_EVERY = 5
"""Every so manieth car is held out."""

_DTYPES = {
    "cylinders": "int64",
    "displacement": "float32",
    "horsepower": "int32",
    "make": "string",
    "origin": "string",
    "weight": "float64",
    "year": "int64",
}
_Columns = dict[str, Array]


def load_table() -> tuple[_Columns, _Columns]:
    """Return the inputs by name, and what is to be predicted, float32 ``[392]`` each."""
    with package_path("auto-mpg.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    numbers = {"cylinders": "cyl", "displacement": "displ", "horsepower": "hp"}
    numbers |= {"weight": "weight", "year": "yr"}
    inputs: _Columns = {
        name: np.array([float(row[column]) for row in rows]).astype(_DTYPES[name])
        for name, column in numbers.items()
    }
    makes = [row["name"].split()[0] for row in rows]
    origins = [ORIGINS[int(row["origin"]) - 1] for row in rows]
    for name, texts in (("make", makes), ("origin", origins)):
        inputs[name] = np.array([text.encode() for text in texts], object)
    targets = {"mpg": "mpg", "acceleration": "accel"}
    return inputs, {
        name: np.array([row[column] for row in rows], np.float32)
        for name, column in targets.items()
    }


def _part(columns: Mapping[str, Array], *, heldout: bool) -> _Columns:
    rows = len(next(iter(columns.values())))
    wanted = (np.arange(rows) % HELDOUT_EVERY == 0) == heldout
    return {name: column[wanted] for name, column in columns.items()}


def _features(given: Mapping[str, keras.KerasTensor], known: _Columns) -> keras.KerasTensor:
    """Make numbers of the columns, ``[?,?]``."""
    layers = keras.layers
    numbers = []
    for name in ("displacement", "horsepower", "weight"):
        normalization = layers.Normalization(axis=None, name=f"{name}_normalized")
        normalization.adapt(known[name].astype(np.float32))
        column = layers.Reshape((1,))(given[name])
        numbers.append(normalization(keras.ops.cast(column, "float32")))

    years = layers.Discretization(num_bins=4, name="period")
    years.adapt(known["year"].astype(np.float32))
    cylinders = layers.IntegerLookup(vocabulary=[3, 4, 5, 6, 8], output_mode="one_hot")
    origin = layers.StringLookup(vocabulary=ORIGINS, num_oov_indices=1)(given["origin"])
    make = layers.Hashing(num_bins=16, salt=SEED)(given["make"])
    period = years(keras.ops.cast(given["year"], "float32"))
    crossed = layers.HashedCrossing(num_bins=8)((given["origin"], given["cylinders"]))
    numbers += [
        cylinders(given["cylinders"]),
        layers.CategoryEncoding(len(ORIGINS) + 1, output_mode="one_hot")(origin),
        layers.CategoryEncoding(4, output_mode="one_hot")(period),
        layers.Embedding(16, 3, name="make_embedded")(make),
        layers.Embedding(8, 2, name="crossed_embedded")(crossed),
    ]
    return layers.Concatenate()(numbers)


def _train(report: Report) -> KerasResult:
    seed_everything(SEED)
    inputs, targets = (_part(columns, heldout=False) for columns in load_table())
    given = {name: keras.Input((), dtype=dtype, name=name) for name, dtype in _DTYPES.items()}
    hidden = keras.layers.Dense(32, activation="elu")(_features(given, inputs))
    heads = {
        "mpg": keras.layers.Dense(1, activation="softplus", name="mpg"),
        "acceleration": keras.layers.Dense(1, activation="softplus", name="acceleration"),
    }
    outputs = {
        name: head(keras.layers.Dense(16, activation="silu")(hidden))
        for name, head in heads.items()
    }
    model = keras.Model(given, outputs, name="mpg")
    fit(model, inputs, targets, RECIPE, report)
    return KerasResult(model, len(targets["mpg"]), recipe=RECIPE)


def _cases() -> Iterator[Case]:
    inputs = _part(load_table()[0], heldout=True)
    for name, rows in (("one", 1), ("cars-8", 8)):
        yield Case(name, {key: column[:rows] for key, column in inputs.items()}, SOURCE)
    unknown = {key: column[:3] for key, column in inputs.items()}
    unknown["make"] = np.array(["škoda".encode(), b"", b"\xff"], object)
    unknown["origin"] = np.array([b"Atlantis", b"Asia\0", b"Europe"], object)
    unknown["cylinders"] = np.array([0, -4, 12])
    yield Case("unknown-categories", unknown, "made for this test")


MODEL = ZooModel(seed=SEED, train=_train, cases=_cases)
