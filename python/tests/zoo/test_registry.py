"""What can be known about the zoo without importing TensorFlow."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from stele import zoo
from stele.contract.bundle import encode
from stele.contract.codes import Code, SteleError

HEAVY = ("tensorflow", "keras", "sklearn", "babel", "bokeh_sampledata", "pandas")


def test_importing_the_zoo_and_the_command_imports_nothing_heavy():
    code = f"""
import sys
import stele.zoo, stele.zoo.train
from stele.zoo.fingerprint import fingerprint
for entry in stele.zoo.REGISTRY.values():
    fingerprint(entry)
print([name for name in {HEAVY} if name in sys.modules])
"""
    result = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert result.stdout.strip() == "[]"


def test_default_models_are_those_that_export_well():
    bad = {name: entry.known_bad for name, entry in zoo.REGISTRY.items() if entry.known_bad}
    assert list(bad) == ["augmented"]
    assert tuple(name for name in zoo.REGISTRY if name not in bad) == zoo.DEFAULT
    assert bad["augmented"].reason
    assert bad["augmented"].link == "python-keras to python-tf"


def test_unknown_model_is_refused_with_the_known_ones():
    with pytest.raises(SteleError) as caught:
        zoo.find("nosuch")
    assert caught.value.code is Code.NOT_FOUND
    for name in ("nosuch", *zoo.REGISTRY):
        assert name in caught.value.message


def test_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    monkeypatch.delitem(sys.modules, "stele.zoo.digits", raising=False)
    with pytest.raises(SteleError, match="sklearn") as caught:
        zoo.find("digits").load()
    assert caught.value.code is Code.FAILED_PRECONDITION


@pytest.mark.parametrize("name", zoo.REGISTRY)
def test_cases_are_named_for_folders_and_the_same_on_every_call(name):
    model = zoo.find(name).load()
    first, second = list(model.cases()), list(model.cases())
    names = [case.name for case in first]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]*", case) for case in names)
    for one, other in zip(first, second, strict=True):
        assert one.signature == other.signature
        assert one.inputs.keys() == other.inputs.keys()
        for key, array in one.inputs.items():
            assert encode(array) == encode(other.inputs[key])
        if one.labels is not None:
            assert one.labels.tolist() == other.labels.tolist()
            assert all(len(array) == len(one.labels) for array in one.inputs.values())
