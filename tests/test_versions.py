"""`stele versions` holds the answers of other TensorFlows against the installed one's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stele import cli
from stele.contract.bundle import write_bundle
from stele.contract.codes import SteleError
from stele.libtensorflow.versions import Libraries
from stele.parity import record
from stele.parity.binding import Binding
from stele.parity.case import Case, Target
from stele.parity.plan import Plan
from stele.parity.record import Journal, Outcome, Upgrade
from stele.parity.versions import Upgrades
from tests import tensorflows
from tests.conftest import STRICT
from tests.test_harness import VALUES, fake


def compare(
    binding: Binding, foreign: Path, folder: Path, *others: str, generated: bool = False
) -> list[Upgrade]:
    write_bundle(folder / "in", {"x": VALUES})
    target = Target("doubler", foreign / "doubler")
    case = Case("rows", "serving_default", folder / "in", generated=generated)
    planned = Plan(target, [case])
    journal = Journal(folder / "results.jsonl")
    base, *rest = (Libraries(version, folder / version) for version in ("1.0.0", *others))
    Upgrades(binding, folder, journal).check(planned, base, rest)
    return [one for one in record.load(journal.file)[1] if isinstance(one, Upgrade)]


def test_what_each_version_changes(foreign: Path, tmp_path: Path) -> None:
    upgraded = fake("other-class-upgraded")
    found = compare(upgraded, foreign, tmp_path, "2.0.0", "2.0.1", "2.0.2", "2.0.3")
    assert [(one.tensorflow, one.case, one.outcome, one.identical, one.red) for one in found] == [
        ("2.0.0", "rows", Outcome.PASS, True, False),
        ("2.0.1", "rows", Outcome.PASS, False, False),
        ("2.0.2", "rows", Outcome.MISMATCH, False, True),
        ("2.0.3", "load", Outcome.ERROR, None, True),
    ]
    assert [tensor["ulp"] for one in found[:2] for tensor in one.tensors] == [0, 1]
    assert found[3].detail == "does not load the model: NOT_FOUND: no such op"


def test_each_gets_the_sizes_that_the_base_took(foreign: Path, tmp_path: Path) -> None:
    demanding = fake("other-class-upgraded-rows")
    found = compare(demanding, foreign, tmp_path, "2.0.0", "2.0.4", "2.0.0", generated=True)
    assert [one.tensorflow for one in found] == ["2.0.0", "2.0.4", "2.0.0"]
    assert {(one.case, one.outcome, one.identical) for one in found} == {
        ("serving_default/fixed", Outcome.PASS, True)
    }


def test_a_base_that_does_not_load_the_model(foreign: Path, tmp_path: Path) -> None:
    with pytest.raises(SteleError, match=r"TensorFlow 1\.0\.0 does not load the model"):
        compare(fake("other-class", run=("false",)), foreign, tmp_path)


def test_a_binding_with_a_library_of_its_own(foreign: Path, tmp_path: Path) -> None:
    with pytest.raises(SteleError, match="has run TensorFlow of an unknown version where 1"):
        compare(fake("other-class"), foreign, tmp_path)


@pytest.mark.parametrize("version", tensorflows.PINS)
def test_the_command(version: str, capsys: pytest.CaptureFixture[str]) -> None:
    if not tensorflows.folder(version).is_dir():
        if STRICT and tensorflows.HERE:
            pytest.fail(f"no TensorFlow {version}; run: make tensorflows")
        pytest.skip(f"no TensorFlow {version}; run: make tensorflows")
    arguments = ["digits", "--tensorflow", version, "--signature", "serving_default"]
    status = cli.main(["versions", *arguments, "--json"])
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    upgrades = [one for one in records if one["type"] == "upgrade"]
    assert {one["tensorflow"] for one in upgrades} == {version}
    # How far it is depends on the CPU; that it is no other model does not.
    assert all(one["outcome"] in ("pass", "mismatch", "differs") for one in upgrades)
    assert all(t["absolute"] < 1e-3 for one in upgrades for t in one["tensors"] if "absolute" in t)
    assert sum(one["identical"] is not None for one in upgrades) > 1
    assert status == int(any(one["outcome"] == "mismatch" for one in upgrades))


def test_what_is_no_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["versions", "digits", "--tensorflow", "latest"]) == cli.COULD_NOT_RUN
    assert "latest" in capsys.readouterr().err


def test_the_tags_of_another_meta_graph(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["digits", "--tensorflow", "2.18.1", "--tags", "gpu,serve"]
    assert cli.main(["versions", *arguments]) == cli.COULD_NOT_RUN
    assert "no MetaGraphDef with tags {gpu,serve}" in capsys.readouterr().err
