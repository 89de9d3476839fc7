"""The values of the contract, given to and taken from both of Python's clients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import stele_native

from python.tests.test_contract import literal
from stele import paths
from stele.contract import dtypes
from stele.contract.bundle import encode
from stele.remote import Model
from tests.tables import rows

DTYPES = paths.models_dir() / "dtypes" / "saved_model"
VALUES = rows("values.tsv", "dtype", "shape", "literals", "bytes")


@pytest.fixture(scope="module", params=["stele_native", "stele.remote"])
def client(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "stele_native":
        yield stele_native.Model(DTYPES)
        return
    with Model.connect(request.getfixturevalue("server"), "dtypes") as model:
        yield model


@pytest.mark.parametrize(("name", "shape", "literals", "data"), VALUES)
def test_values(client, name: str, shape: str, literals: str, data: str) -> None:
    dtype = dtypes.BY_NAME[name]
    dims = [int(size) for size in shape.split(",")]
    values = [literal(text, dtype) for text in literals.split(",")]
    given = np.empty(len(values), dtype.numpy)
    given[:] = values
    same = client.run({"x": given.reshape(dims)}, name.lower())["same"]
    assert (same.dtype, same.shape) == (dtype.numpy, tuple(dims))
    assert encode(same).hex() == data
    # As people write them; the payload of a NaN alone is none of a list's business.
    numbers = [value for value in values if not isinstance(value, np.generic)]
    listed = client.run({"x": numbers}, name.lower())["same"]
    assert listed.dtype == dtype.numpy
    assert listed.tolist() == np.array(numbers, dtype.numpy).tolist()
