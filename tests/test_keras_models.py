"""`stele check` on a Keras model file: the export against the model in memory is the first link."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from stele import cli
from tests.odd_models.folders import folder_of
from tests.test_foreign_models import check as check_models

KERAS_LINK = "python-keras to python-tf"
OTHERS = "python-tf,python-session,c"
FILES = ["scaled.keras", "scaled.h5", "lists.keras", "unnamed.keras"]


@pytest.fixture(scope="module")
def saved() -> Path:
    return folder_of("keras_files")


@pytest.fixture(autouse=True)
def not_strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras in memory has no signature ``serve``, which CI counts as left open."""
    monkeypatch.delenv("CI", raising=False)


def check(out: Path, *arguments: str) -> tuple[int, list]:
    return check_models(out, *arguments, "--no-bad-input", "--binding", OTHERS)


def outcomes(records: list, binding: str) -> set[str]:
    return {r["outcome"] for r in records if r["type"] == "result" and r["binding"] == binding}


def links(records: list) -> dict[str, dict]:
    return {r["link"]: r for r in records if r["type"] == "link"}


@pytest.fixture(scope="module")
def checked(saved: Path, tmp_path_factory: pytest.TempPathFactory) -> list:
    """Return the records of one run, whose workers start once, that passed."""
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv("CI", raising=False)
        out = tmp_path_factory.mktemp("checked")
        status, records = check(out, *(str(saved / file) for file in FILES))
    assert status == 0
    assert {r["model"] for r in records if r["type"] == "result"} == set(FILES)
    return records


@pytest.mark.parametrize("file", FILES)
def test_keras_file_is_exported_and_held_against_the_model_in_memory(checked, file) -> None:
    records = [r for r in checked if r.get("model") == file]
    assert links(records)[KERAS_LINK]["ok"]
    answered = {
        r["case"]: r
        for r in records
        if r["type"] == "result" and r["binding"] == "python-keras" and r["outcome"] == "pass"
    }
    for batch in ("batch1", "batch3", "batch8"):
        assert answered[f"serving_default/{batch}"]["identical"]
    for binding in OTHERS.split(","):
        assert outcomes(records, binding) == {"pass"}


@pytest.fixture(scope="module")
def unscaled(
    saved: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], tuple[int, list, str]]:
    """Check the export of other preprocessing, once for a file; return what it says and wrote."""

    @cache
    def checked(file: str) -> tuple[int, list, str]:
        out = tmp_path_factory.mktemp("unscaled")
        arguments = [str(saved / "unscaled"), "--keras", str(saved / file), "--no-bad-input"]
        printed = io.StringIO()
        with pytest.MonkeyPatch.context() as patched, contextlib.redirect_stdout(printed):
            patched.delenv("CI", raising=False)
            status = cli.main(["check", *arguments, "--binding", OTHERS, "--out", str(out)])
        lines = (out / "results.jsonl").read_text().splitlines()
        return status, [json.loads(line) for line in lines], printed.getvalue()

    return checked


@pytest.mark.parametrize("file", ["scaled.keras", "scaled.h5"])
def test_export_of_other_preprocessing_is_red_at_the_keras_link_and_nowhere_else(
    unscaled, file
) -> None:
    status, records, _ = unscaled(file)
    assert status == 1
    found = links(records)
    assert [name for name, link in found.items() if not link["ok"]] == [KERAS_LINK]
    assert "the export differs from the model in memory on" in found[KERAS_LINK]["detail"]
    assert "ULP" in found[KERAS_LINK]["detail"]
    assert "mismatch" in outcomes(records, "python-keras")
    for binding in OTHERS.split(","):
        assert outcomes(records, binding) == {"pass"}


def test_difference_is_replayed_from_its_folder(saved, tmp_path, capsys) -> None:
    arguments = [str(saved / "unscaled"), "--keras", str(saved / "scaled.keras")]
    _, records = check(tmp_path, *arguments, "--cases", "*/batch3")
    (failed,) = [r for r in records if r["type"] == "result" and r["failure"]]
    assert cli.main(["replay", failed["failure"], "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["outcome"] == "mismatch"


def test_export_of_this_model_passes_also_by_its_url(saved, tmp_path) -> None:
    arguments = [f"file://{saved / 'scaled'}", "--keras", str(saved / "scaled.h5")]
    status, records = check(tmp_path, *arguments)
    assert status == 0
    assert links(records)[KERAS_LINK]["ok"]


def test_the_keras_link_is_the_first_that_is_shown(unscaled) -> None:
    status, _, printed = unscaled("scaled.keras")
    assert status == 1
    rows = [line.split()[1] for line in printed.splitlines() if line.startswith("unscaled ")]
    assert rows == ["python-keras", *OTHERS.split(",")]
    assert printed.count("link broken") == 1


def test_keras_model_that_does_not_load_is_said_at_its_link(saved, tmp_path) -> None:
    arguments = [str(saved / "scaled"), "--keras", str(saved / "own.keras")]
    status, records = check(tmp_path, *arguments)
    assert status == 1
    assert 'does not load: FAILED_PRECONDITION: "own.keras"' in links(records)[KERAS_LINK]["detail"]
    for binding in OTHERS.split(","):
        assert outcomes(records, binding) == {"pass"}


@pytest.mark.parametrize(
    ("file", "code", "words"),
    [
        ("lambda.keras", "FAILED_PRECONDITION", "safe_mode=False"),
        ("own.keras", "FAILED_PRECONDITION", 'needs "Tripled", which is code of yours'),
        ("own.h5", "FAILED_PRECONDITION", 'needs "Tripled", which is code of yours'),
        ("own.weights.h5", "INVALID_ARGUMENT", "weights only"),
        ("text.keras", "INVALID_ARGUMENT", "no zip archive"),
        ("text.h5", "INVALID_ARGUMENT", "no HDF5 file"),
        ("pointer.keras", "DATA_LOSS", "git lfs pull"),
        ("missing.keras", "NOT_FOUND", "no such file"),
    ],
)
def test_file_that_cannot_be_exported_is_said_in_one_line(
    saved, tmp_path, capsys, file, code, words
) -> None:
    (saved / "text.keras").write_text("no model")
    (saved / "text.h5").write_text("no model")
    (saved / "pointer.keras").write_text("version https://git-lfs.github.com/spec/v1\n")
    assert cli.main(["check", str(saved / file), "--out", str(tmp_path)]) == 3
    printed = capsys.readouterr().err.strip()
    assert printed.startswith(f"stele: {code}: ")
    assert words in printed
    assert len(printed.splitlines()) == 1


def test_keras_option_goes_with_one_folder(saved, capsys) -> None:
    for models in ([], ["digits"], [str(saved / "scaled.keras")]):
        with pytest.raises(SystemExit) as end:
            cli.main(["check", *models, "--keras", str(saved / "scaled.keras")])
        assert end.value.code == 2
        assert "--keras goes with exactly one SavedModel folder" in capsys.readouterr().err
