"""Versions on disk: the newest is served, and takes over without a failed call."""

from __future__ import annotations

import gc
import shutil
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from stele.contract.codes import Code, SteleError
from stele.server import folders

from .client import Client, connect
from .conftest import refused, serving

X = {"x": np.ones((1, 2), np.float32)}


@pytest.fixture
def scale(tmp_path: Path, models: Path) -> Path:
    """A model's folder with version 1 alone."""
    folder = tmp_path / "scale"
    add(folder, models, 1)
    return folder


def add(folder: Path, models: Path, version: int, name: str = "") -> Path:
    """Put a version there at once, as one should."""
    folder.mkdir(exist_ok=True)
    copy = folder / f"being-copied-{version}"
    shutil.copytree(models / "scale" / str(version), copy)
    return copy.rename(folder / (name or str(version)))


def refresh(client: Client) -> None:
    client.server._services.repository.refresh()


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
    with serving({"scale": scale}) as client:
        assert factor(client) == 2
        assert list(client.call("ModelMetadata", name="scale").versions) == ["10"]


def test_a_saved_model_is_version_1(models: Path) -> None:
    with serving({"scale": models / "scale" / "3"}) as client:
        assert factor(client) == 3
        assert list(client.call("ModelMetadata", name="scale").versions) == ["1"]


def test_a_new_version_takes_over_and_the_old_one_is_released(scale: Path, models: Path) -> None:
    with serving({"scale": scale}) as client:
        assert factor(client) == 1
        repository = client.server._services.repository
        old = weakref.ref(repository.find("scale").current)
        add(scale, models, 2)
        refresh(client)
        assert factor(client) == 2
        assert states(client) == [(2, 30, 0), (1, 50, 0)]
        gc.collect()
        assert old() is None
        with refused("NOT_FOUND", '"1"', '"2"'):
            client.call("ModelReady", name="scale", version="1")


def test_the_version_before_is_served_again_when_the_newest_is_taken_away(
    scale: Path, models: Path
) -> None:
    newest = add(scale, models, 2)
    with serving({"scale": scale}) as client:
        shutil.rmtree(newest)
        refresh(client)
        assert factor(client) == 1
        # Nothing left: what is served stays.
        shutil.rmtree(scale / "1")
        refresh(client)
        assert factor(client) == 1


def test_a_bad_version_stays_out_until_its_files_change(
    scale: Path, models: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serving({"scale": scale}) as client:
        bad = add(scale, models, 2)
        index = bad / "variables" / "variables.index"
        kept = index.read_bytes()
        index.unlink()
        for _ in range(3):
            refresh(client)
        assert factor(client) == 1
        assert states(client) == [(2, 50, Code.NOT_FOUND), (1, 30, 0)]
        errors = [record for record in caplog.records if record.levelname == "ERROR"]
        assert len(errors) == 1
        assert str(index) in errors[0].getMessage()
        # As when a copy that was slow is complete.
        index.write_bytes(kept)
        refresh(client)
        assert factor(client) == 2
        assert states(client) == [(2, 30, 0), (1, 50, 0)]


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

    with serving({"scale": scale}, poll=0.05) as client:
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


def test_a_folder_without_any_version(tmp_path: Path) -> None:
    with pytest.raises(SteleError) as caught, serving({"scale": tmp_path}):
        pass
    assert caught.value.code is Code.NOT_FOUND
    assert str(tmp_path) in caught.value.message


@pytest.mark.parametrize(
    ("path", "name"),
    [("a/digits", "digits"), ("a/digits/saved_model", "digits"), ("a/digits/12", "digits")],
)
def test_names_of_models(path: str, name: str) -> None:
    assert folders.model_name(Path(path)) == name


# --- control by clients -------------------------------------------------------


def test_clients_control_models_only_if_they_may(bench: Client, models: Path) -> None:
    with refused("FAILED_PRECONDITION", "--model-control explicit"):
        bench.load("other", path=str(models / "bench"))
    with refused("FAILED_PRECONDITION", "--model-control explicit"):
        bench.call("RepositoryModelUnload", model_name="bench")
    (model,) = bench.call("RepositoryIndex").models
    assert (model.name, model.version, model.state) == ("bench", "1", "READY")


def test_load_and_unload(models: Path) -> None:
    with serving(explicit=True) as client:
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
    with serving(explicit=True) as client:
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
