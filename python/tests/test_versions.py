"""Which libraries `stele versions` takes, without a registry."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from stele.contract.codes import Code, SteleError
from stele.libtensorflow import versions
from stele.libtensorflow.wheel import find_wheel

ON_LINUX = pytest.mark.skipif(not versions.HERE, reason="no such wheel for this machine")


@pytest.fixture
def fetched(tmp_path, monkeypatch) -> Path:
    """Some that were fetched, and what was left of one that was not."""
    monkeypatch.setenv("STELE_BUILD", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    root = tmp_path / "tensorflows"
    for name in ("1.9.2", "1.9.10", "1.10.0", ".1.9.11.staging-x"):
        (root / name).mkdir(parents=True)
    return root


@pytest.mark.parametrize(
    ("version", "expected"), [("1.9", "1.9.10"), ("1.9.2", "1.9.2"), ("1.10", "1.10.0")]
)
def test_what_is_here_is_not_fetched(fetched, version, expected):
    assert versions.find(version) == versions.Libraries(expected, fetched / expected)


@pytest.mark.usefixtures("fetched")
def test_the_installed_one_is_here():
    wheel = find_wheel()
    for version in (wheel.version, wheel.version.rpartition(".")[0]):
        assert versions.find(version).folder == wheel.folder


@pytest.mark.usefixtures("fetched")
@pytest.mark.parametrize("version", ["", "2", "latest", "2.18.1.1", "2.18 ", "==2.18"])
def test_what_is_no_version(version):
    with pytest.raises(SteleError) as refusal:
        versions.find(version)
    assert refusal.value.code is Code.INVALID_ARGUMENT


@ON_LINUX
@pytest.mark.usefixtures("fetched")
@pytest.mark.parametrize("version", ["1.9.1", "1.8"])
def test_what_pip_does_not_get(version):
    with pytest.raises(
        SteleError, match=rf"tensorflow-cpu=={version}.*: .*tensorflow-cpu"
    ) as error:
        versions.find(version)
    assert error.value.code is Code.NOT_FOUND


@ON_LINUX
@pytest.mark.parametrize("name", ["tensorflow/libtensorflow_cc.so.2", "tensorflow/__init__.py"])
def test_only_the_libraries_are_taken_out_of_a_wheel(fetched, tmp_path, monkeypatch, name):
    wheel = tmp_path / "tensorflow_cpu-1.7.3-cp311-cp311-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for file in (name, "tensorflow/libtensorflow_framework.so.2", "other/libtensorflow_x"):
            archive.writestr(file, file)
    monkeypatch.setattr(versions, "_download", lambda _requirement, _into: wheel)
    if name.endswith(".py"):
        with pytest.raises(SteleError, match="no C library"):
            versions.find("1.7")
        assert not (fetched / "1.7.3").exists()
        return
    assert versions.find("1.7") == versions.Libraries("1.7.3", fetched / "1.7.3")
    assert {file.name: file.read_text() for file in (fetched / "1.7.3").iterdir()} == {
        "libtensorflow_cc.so.2": name,
        "libtensorflow_framework.so.2": "tensorflow/libtensorflow_framework.so.2",
    }
