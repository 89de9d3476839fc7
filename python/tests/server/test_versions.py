"""Versions on disk: the newest is served, and takes over without a failed call."""

from __future__ import annotations

import os
import re
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from stele.contract.codes import Code

from .client import Client, connect
from .conftest import not_started, refused, serving

X = {"x": np.ones((1, 2), np.float32)}

# Seconds between looks for new versions.
LOOK = 0.05
POLL = ("--poll", str(LOOK))


@pytest.fixture
def scale(tmp_path: Path, models: Path) -> Path:
    """A model's folder with version 1 alone."""
    folder = tmp_path / "scale"
    add(folder, models, 1)
    return folder


@pytest.fixture
def another(scale: Path, tmp_path: Path) -> Path:
    """A second model like it."""
    return shutil.copytree(scale, tmp_path / "another")


def add(folder: Path, models: Path, version: int, name: str = "") -> Path:
    """Put a version there at once, as one should."""
    folder.mkdir(exist_ok=True)
    copy = folder / f"being-copied-{version}"
    shutil.copytree(models / "scale" / str(version), copy)
    return copy.rename(folder / (name or str(version)))


def looks(client: Client) -> None:
    """Give the server time to look for new versions, twice."""
    time.sleep(4 * LOOK)
    client.call("ServerLive")


def factor(client: Client, **spec) -> float:
    return float(client.infer("scale", X, **spec)["y"][0, 0])


def states(client: Client) -> list[tuple[int, int, int]]:
    statuses = client.status(name="scale").model_version_status
    return [(one.version, one.state, one.status.error_code) for one in statuses]


def test_the_newest_is_the_largest_number(scale: Path, models: Path) -> None:
    add(scale, models, 2, "0010")
    add(scale, models, 3, "9")
    (scale / "notes").mkdir()
    (scale / "11").mkdir()  # Without a SavedModel.
    with serving(scale=scale) as client:
        assert factor(client) == 2
        assert list(client.call("ModelMetadata", name="scale").versions) == ["10"]


def test_a_saved_model_is_version_1(models: Path) -> None:
    with serving(scale=models / "scale" / "3") as client:
        assert factor(client) == 3
        assert list(client.call("ModelMetadata", name="scale").versions) == ["1"]


def test_a_new_version_takes_over_and_the_old_one_is_released(scale: Path, models: Path) -> None:
    with serving(*POLL, scale=scale) as client:
        assert factor(client) == 1
        add(scale, models, 2)
        wait_until(lambda: factor(client) == 2)
        assert states(client) == [(2, 30, 0), (1, 50, 0)]
        with refused("NOT_FOUND", '"1"', '"2"'):
            client.call("ModelReady", name="scale", version="1")


def test_the_version_before_is_served_again_when_the_newest_is_taken_away(
    scale: Path, models: Path
) -> None:
    newest = add(scale, models, 2)
    with serving(*POLL, scale=scale) as client:
        shutil.rmtree(newest)
        wait_until(lambda: factor(client) == 1)
        # Nothing left: what is served stays.
        shutil.rmtree(scale / "1")
        looks(client)
        assert factor(client) == 1


def test_a_bad_version_stays_out_until_its_files_change(
    scale: Path, models: Path, tmp_path: Path
) -> None:
    bad = add(tmp_path / "elsewhere", models, 2)
    index = Path("variables") / "variables.index"
    kept = (bad / index).read_bytes()
    (bad / index).unlink()
    with serving(*POLL, scale=scale) as client:
        bad.rename(scale / "2")
        wait_until(lambda: states(client) == [(2, 50, Code.NOT_FOUND), (1, 30, 0)])
        looks(client)
        assert factor(client) == 1
        lines = client.process.log.read_text().splitlines()
        (error,) = [line for line in lines if " ERROR " in line]
        assert str(scale / "2" / index) in error
        # As when a copy that was slow is complete.
        (scale / "2" / index).write_bytes(kept)
        wait_until(lambda: factor(client) == 2)
        assert states(client) == [(2, 30, 0), (1, 50, 0)]


def test_files_that_change_under_a_version_are_loaded_again(scale: Path, models: Path) -> None:
    """As when a vocabulary was copied half when the version was loaded."""
    with serving(*POLL, scale=scale) as client:
        for file in (models / "scale" / "3" / "variables").iterdir():
            shutil.copy(file, scale / "1" / "variables" / file.name)
        wait_until(lambda: factor(client) == 3)
        assert states(client) == [(1, 30, 0)]


def test_two_folders_of_one_number(scale: Path, models: Path) -> None:
    add(scale, models, 2, "0001")
    with serving(*POLL, scale=scale) as client:
        looks(client)
        assert factor(client) == 1
        warnings = client.process.log.read_text().count("has the number of another version")
        assert warnings == 1


def test_a_model_that_cannot_be_loaded_holds_up_no_other(
    scale: Path, another: Path, models: Path
) -> None:
    with serving(*POLL, another=another, scale=scale) as client:
        (another / "7").mkdir()
        os.mkfifo(another / "7" / "saved_model.pb")
        add(scale, models, 2)
        wait_until(lambda: factor(client) == 2)
        client.process.terminate()
        assert client.process.wait() == 0


def test_versions_that_cannot_be_read_hold_up_no_other(
    scale: Path, another: Path, models: Path, tmp_path: Path
) -> None:
    with serving(*POLL, another=another, scale=scale) as client:
        another.rename(tmp_path / "away")
        # Root may read every folder, but not this.
        another.symlink_to(another)
        add(scale, models, 2)
        wait_until(lambda: factor(client) == 2)
        looks(client)
        assert client.infer("another", X)["y"][0, 0] == 1
        assert client.process.log.read_text().count("looking for new versions failed") == 1
        another.unlink()
        (tmp_path / "away").rename(another)
        add(another, models, 3)
        wait_until(lambda: client.infer("another", X)["y"][0, 0] == 3)


def test_a_swap_under_load_fails_no_call(scale: Path, models: Path) -> None:
    seen: set[float] = set()
    failed: list[Exception] = []
    done = threading.Event()

    def load() -> None:
        with connect(client.address) as own:
            while not done.is_set():
                try:
                    seen.add(factor(own))
                except Exception as error:
                    failed.append(error)

    with serving(*POLL, scale=scale) as client:
        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        for version in (1, 2, 3):
            if version > 1:
                add(scale, models, version)
            wait_until(lambda version=version: version in seen)
        done.set()
        for thread in threads:
            thread.join()
    assert not failed
    assert seen == {1, 2, 3}


def wait_until(happened: Callable[[], bool]) -> None:
    for _ in range(600):
        if happened():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def test_tensorflow_sees_no_path_of_a_version(
    scale: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It keeps each that it ever saw."""
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    with serving(*POLL, scale=scale) as client:
        for version in (2, 3):
            add(scale, models, version)
            wait_until(lambda version=version: factor(client) == version)
        seen = re.findall("Reading SavedModel from: (.*)", client.process.log.read_text())
    assert len(seen) == 3
    assert [path for path in seen if not path.startswith("/proc/self/fd/")] == []


def test_a_folder_without_any_version(tmp_path: Path) -> None:
    message = not_started(f"scale={tmp_path}")
    assert "NOT_FOUND" in message
    assert str(tmp_path) in message


# --- control by clients -------------------------------------------------------


def test_clients_control_models_only_if_they_may(bench: Client, models: Path) -> None:
    with refused("FAILED_PRECONDITION", "--model-control explicit"):
        bench.load("other", path=str(models / "bench"))
    with refused("FAILED_PRECONDITION", "--model-control explicit"):
        bench.call("RepositoryModelUnload", model_name="bench")
    (model,) = bench.call("RepositoryIndex").models
    assert (model.name, model.version, model.state) == ("bench", "1", "READY")


def test_load_and_unload(models: Path) -> None:
    with serving("--model-control", "explicit") as client:
        assert not client.call("RepositoryIndex").models
        with refused("NOT_FOUND", '"scale"', "none"):
            client.infer("scale", X)
        client.load("scale", path=str(models / "scale" / "1"))
        assert factor(client) == 1
        client.load("scale", path=str(models / "scale" / "2"), tags="serve", config="inline")
        assert factor(client) == 2
        # Again, from where it came.
        client.load("scale")
        assert factor(client) == 2
        client.load("scale", path=str(models / "scale"))
        assert [model.version for model in client.call("RepositoryIndex").models] == ["3"]
        client.call("RepositoryModelUnload", model_name="scale")
        with refused("NOT_FOUND"):
            client.infer("scale", X)
        with refused("NOT_FOUND", '"scale"'):
            client.call("RepositoryModelUnload", model_name="scale")


def test_a_load_that_fails_leaves_what_was_there(models: Path, tmp_path: Path) -> None:
    with serving("--model-control", "explicit") as client:
        client.load("scale", path=str(models / "scale" / "1"))
        path = str(models / "scale" / "2")
        for code, words, parameters in (
            ("NOT_FOUND", [str(tmp_path)], {"path": str(tmp_path)}),
            ("NOT_FOUND", ["{gpu}", "{serve}"], {"path": path, "tags": "gpu"}),
            ("NOT_FOUND", ["{}"], {"path": path, "tags": ""}),
            ("INVALID_ARGUMENT", ['"fast"'], {"path": path, "config": "fast"}),
            ("INVALID_ARGUMENT", [], {"path": path, "config": "hex:32ff"}),
        ):
            with refused(code, *words):
                client.load("scale", **parameters)
            assert factor(client) == 1
        with refused("INVALID_ARGUMENT", "path"):
            client.load("new")
        with refused("INVALID_ARGUMENT", "model_name"):
            client.load("", path=path)
        with refused("INVALID_ARGUMENT", '"path"'):
            client.call(
                "RepositoryModelLoad", model_name="new", parameters={"path": {"int64_param": 1}}
            )
