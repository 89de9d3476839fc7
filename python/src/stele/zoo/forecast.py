"""The temperature of the sea, hours ahead: recurrent layers over an unknown stretch of time.

Data: the sea surface temperature at a buoy in the Gulf of Maine in 2016, every half hour,
that bokeh_sampledata brings along (NERACOOS; free to use and redistribute).

Blocks: `Masking`, `BatchNormalization`, `LSTM` inside a `Bidirectional`, `GRU`,
`LayerNormalization`, `Rescaling`; a mask that layers hand on.

Signature ``serving_default``: ``temperature`` FP32 [?,?,1] (degrees Celsius, one an hour,
`MISSING` where there is none) to ``next`` FP32 [?,`AHEAD`] (the hours that follow) and
``states`` FP32 [?,?,4] (what the last recurrent layer says at each hour).
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator

import keras
import numpy as np
from bokeh_sampledata import package_path

from stele.contract.dtypes import Array
from stele.zoo.fit import fit, for_predictions, seed_everything
from stele.zoo.model import Case, KerasResult, Recipe, Report, ZooModel

SEED = 2016
RECIPE = Recipe(
    epochs=4, batch_size=64, learning_rate=2e-2, optimizer="RMSprop", losses={"next": "LogCosh"}
)
SOURCE = "bokeh_sampledata sea_surface_temperature, held-out part"
MISSING = -99.0
HOURS = 24
AHEAD = 3
_TYPICAL, _SPREAD = 10.0, 5.0


def load_windows() -> tuple[Array, Array]:
    """Return stretches float32 ``[rows,HOURS,1]`` and what followed, float32 ``[rows,AHEAD]``."""
    with gzip.open(package_path("sea_surface_temperature.csv.gz"), "rt") as file:
        halves = [float(row["temperature (celsius)"]) for row in csv.DictReader(file)]
    hourly = np.array(halves[::2], np.float32)
    starts = np.arange(0, len(hourly) - HOURS - AHEAD, HOURS // 4)[:, np.newaxis]
    windows = hourly[starts + np.arange(HOURS)][..., np.newaxis]
    return windows, hourly[starts + HOURS + np.arange(AHEAD)]


def _train(report: Report) -> KerasResult:
    layers = keras.layers
    seed_everything(SEED)
    windows, following = load_windows()
    train = int(0.8 * len(windows))
    temperature = keras.Input((None, 1), name="temperature")
    present = layers.Masking(MISSING)(temperature)
    scaled = layers.BatchNormalization(momentum=0.9)(present)
    both_ways = layers.Bidirectional(layers.LSTM(6, return_sequences=True))(scaled)
    steady = layers.LayerNormalization()(both_ways)
    states = layers.GRU(4, return_sequences=True, name="states")(steady)
    last = layers.GRU(8)(states)
    ahead = layers.Rescaling(_SPREAD, _TYPICAL, name="next")(layers.Dense(AHEAD)(last))
    outputs = {"next": ahead, "states": states}
    trained = keras.Model({"temperature": temperature}, {"next": ahead})
    fit(
        trained,
        {"temperature": windows[:train]},
        {"next": following[:train]},
        RECIPE,
        report,
    )
    model = keras.Model({"temperature": temperature}, outputs, name="forecast")
    for_predictions(model)
    return KerasResult(model, train, recipe=RECIPE)


def _cases() -> Iterator[Case]:
    windows, _ = load_windows()
    heldout = windows[int(0.8 * len(windows)) :]
    yield Case("one", {"temperature": heldout[:1]}, SOURCE)
    yield Case("days-8", {"temperature": heldout[::20][:8]}, SOURCE)
    yield Case("one-hour", {"temperature": heldout[:2, :1]}, SOURCE)
    gaps = heldout[:4].copy()
    gaps[0, 5:9] = gaps[1, -3:] = gaps[2, :20] = gaps[3] = MISSING
    yield Case("gaps", {"temperature": gaps}, f"{SOURCE}, with hours taken out")


MODEL = ZooModel(seed=SEED, train=_train, cases=_cases)
