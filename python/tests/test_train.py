"""``stele train``: current models are left alone, others replaced as a whole or not at all."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from stele import staging, zoo
from stele.commands import train as command
from stele.contract.codes import Code, SteleError
from stele.zoo import train
from stele.zoo.layout import CASES, METRICS, SAVED_MODEL

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

MODEL = "dtypes"  # trains in no time


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder of models with `MODEL` in it."""
    folder = tmp_path_factory.mktemp("models")
    train.ensure(MODEL, folder)
    return folder


def _run(*arguments):
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    args = parser.parse_args(["train", *map(str, arguments)])
    return args.run(args)


def _identity(folder: Path):
    """Tell a folder from one that took its place."""
    return folder.stat().st_ino, (folder / METRICS).stat().st_mtime_ns


def _visible(root: Path):
    return sorted(path.name for path in root.iterdir() if not path.name.endswith(".lock"))


def _interrupt(*_):
    raise KeyboardInterrupt


def test_a_model_is_whole_and_nothing_else_stays(root):
    assert _visible(root) == [MODEL]
    assert sorted(path.name for path in (root / MODEL).iterdir()) == [CASES, METRICS, SAVED_MODEL]


def test_a_current_model_is_left_alone(root):
    before = _identity(root / MODEL)
    reports = []
    assert train.ensure(MODEL, root, report=lambda *what: reports.append(what)) == root / MODEL
    assert not reports
    assert _identity(root / MODEL) == before


def test_nothing_to_do_needs_no_tensorflow(root):
    code = (
        "import sys; from pathlib import Path; from stele.zoo import train; "
        f"train.ensure({MODEL!r}, Path({str(root)!r})); print('tensorflow' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert result.stdout.strip() == "False"


def test_force_trains_again(root):
    before = _identity(root / MODEL)
    train.ensure(MODEL, root, force=True)
    assert _identity(root / MODEL) != before
    assert _visible(root) == [MODEL]


@pytest.mark.parametrize("key", ["source_hash", "versions"])
def test_another_source_or_version_makes_a_model_stale(root, tmp_path, key):
    metrics = json.loads((root / MODEL / METRICS).read_text())
    (tmp_path / METRICS).write_text(json.dumps(metrics))
    assert train.is_current(zoo.find(MODEL), tmp_path)
    (tmp_path / METRICS).write_text(json.dumps(metrics | {key: "other"}))
    assert not train.is_current(zoo.find(MODEL), tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_damaged_metrics_make_a_model_stale(tmp_path, text):
    (tmp_path / METRICS).write_text(text)
    assert not train.is_current(zoo.find(MODEL), tmp_path)


def test_an_interrupt_between_two_files_leaves_the_old_model(root, monkeypatch):
    before = _identity(root / MODEL)
    monkeypatch.setattr("stele.zoo.export._write_case", _interrupt)
    with pytest.raises(KeyboardInterrupt):
        train.ensure(MODEL, root, force=True)
    assert _visible(root) == [MODEL]
    assert _identity(root / MODEL) == before


def test_an_interrupt_in_the_swap_puts_the_old_model_back(root, monkeypatch):
    before = _identity(root / MODEL)
    rename = Path.rename

    def interrupted(path, target):
        if path.name == "new":
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt), staging.staged(root / MODEL):
        pass
    assert _visible(root) == [MODEL]
    assert _identity(root / MODEL) == before


def test_what_a_killed_training_left_is_removed(tmp_path):
    target = tmp_path / MODEL
    leftover = tmp_path / f".{MODEL}.staging-dead"
    leftover.mkdir()
    (leftover / "half").touch()
    with staging.staged(target) as folder:
        (folder / "file").touch()
    assert _visible(tmp_path) == [MODEL]
    assert (target / "file").exists()


def test_ctrl_c_leaves_no_half_model(tmp_path):
    # A shell without job control has SIGINT ignored.
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from stele.cli import main; sys.exit(main())"
    )
    command = [sys.executable, "-c", code, "train", MODEL, "--out", str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if "loading TensorFlow" in line:
                process.send_signal(signal.SIGINT)
                break
        rest = process.stderr.read()
    assert process.returncode == 130, rest
    assert "Traceback" not in rest
    assert _visible(tmp_path) == []


def test_below_the_bar_fails_and_replaces_nothing(root, monkeypatch, capsys):
    before = _identity(root / MODEL)

    def missed(entry, _folder, _report):
        return json.loads((root / entry.name / METRICS).read_text()) | {
            "accuracy": 0.5,
            "majority_share": 0.1,
            "accuracy_bar": 0.97,
        }

    monkeypatch.setattr("stele.zoo.export.train_and_export", missed)
    assert _run(MODEL, "--force", "--out", root) == 1
    printed = capsys.readouterr()
    assert "50.00%" in printed.out
    assert f'model "{MODEL}"' in printed.err
    assert "97.00%" in printed.err
    assert _visible(root) == [MODEL]
    assert _identity(root / MODEL) == before


def test_json_holds_the_metrics(root, capsys):
    assert _run(MODEL, "--out", root, "--json") == 0
    (metrics,) = json.loads(capsys.readouterr().out)
    assert metrics == json.loads((root / MODEL / METRICS).read_text())
    assert metrics["model"] == MODEL
    assert set(metrics["versions"]) >= {"tensorflow", "keras", "numpy"}


def test_table_names_the_model(root, capsys):
    assert _run(MODEL, "--out", root) == 0
    assert MODEL in capsys.readouterr().out


def test_unknown_model_is_a_usage_error_with_the_known_ones(tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        _run("nosuch", "--out", tmp_path)
    assert caught.value.code == 2
    printed = capsys.readouterr().err
    for name in ("nosuch", *zoo.REGISTRY):
        assert name in printed
    assert _visible(tmp_path) == []


def test_ensure_refuses_an_unknown_model(tmp_path):
    with pytest.raises(SteleError) as caught:
        train.ensure("nosuch", tmp_path)
    assert caught.value.code is Code.NOT_FOUND


def test_the_default_is_the_default_zoo(monkeypatch, capsys, root):
    asked = []
    monkeypatch.setattr(
        command, "ensure", lambda name, *_, **__: asked.append(name) or root / MODEL
    )
    assert _run("--out", root) == 0
    assert tuple(asked) == zoo.DEFAULT
    capsys.readouterr()


def test_a_known_bad_model_is_called_so(monkeypatch, capsys, root):
    metrics = train.read_metrics(root / MODEL) | {"known_bad": {"reason": "why", "link": "where"}}
    monkeypatch.setattr(command, "ensure", lambda *_, **__: root / MODEL)
    monkeypatch.setattr(command, "read_metrics", lambda _folder: metrics)
    assert _run(MODEL, "--out", root) == 0
    assert f"{MODEL} is known bad (where): why" in capsys.readouterr().out


def test_summary_changes_train_nothing(root):
    assert train.is_current(replace(zoo.find(MODEL), summary="other"), root / MODEL)
