"""The same file predicts the same under every backend that is installed, if not bit for bit."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from stele import paths
from tests.backends import compare
from tests.backends.environment import ENVIRONMENTS


@pytest.fixture(scope="module")
def expected() -> compare.Answer:
    """Return TensorFlow's answer; to import it costs more than all else here."""
    return compare.ask("tensorflow", "digits", "cpu", "default")


@pytest.fixture(params=ENVIRONMENTS)
def backend(request: pytest.FixtureRequest) -> str:
    name = str(request.param)
    if name not in compare.installed():
        pytest.skip("make backends installs it")
    return name


def test_predictions_are_equal(backend: str, request: pytest.FixtureRequest) -> None:
    expected: compare.Answer = request.getfixturevalue("expected")
    got = compare.ask(backend, "digits", "cpu", "highest")
    *_, equal = compare.row(expected, got)
    assert equal == "100.00%"


def test_a_device_that_is_not_there_is_refused(backend: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "inputs.npz", image=np.zeros((1, 8, 8, 1), np.uint8))
    program = Path(compare.__file__).with_name("predict.py")
    model = paths.models_dir() / "digits" / "model.keras"
    done = subprocess.run(
        [compare.PYTHONS[backend], program, tmp_path / "inputs.npz", tmp_path / "out.npz", model,
         "--device", "gpu"],
        env={"KERAS_BACKEND": backend, "PATH": "", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"{backend} finds no GPU here" in done.stderr
    assert not (tmp_path / "out.npz").exists()


def test_a_distance_is_seen() -> None:
    right = compare.Answer(
        {"scores": np.linspace(0, 1, 20, dtype=np.float32).reshape(4, 5)}, ("", "")
    )
    same = compare.row(right, right)
    assert same == ["100.0%", "0", "0.0e+00", "100.00%"]
    near = {"scores": np.nextafter(right.outputs["scores"], np.float32(2))}
    assert compare.row(right, compare.Answer(near, ("", "")))[:2] == ["0.0%", "1"]
    mirrored = {"scores": right.outputs["scores"][:, ::-1]}
    identical, _, absolute, equal = compare.row(right, compare.Answer(mirrored, ("", "")))
    assert (identical, equal) == ("20.0%", "0.00%")
    assert float(absolute) > 0.1
