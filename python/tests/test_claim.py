"""Two runs at once in one checkout, and results that cannot be written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stele import cli
from stele.contract.codes import Code, SteleError
from stele.parity.claim import claim, claim_free
from stele.parity.record import Journal, Link, read

HOLD = "import sys; from pathlib import Path; from stele.parity import claim as c; "


@pytest.fixture
def taken(tmp_path: Path):
    """A folder that another process has claimed."""
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD + "print(c.claim(Path(sys.argv[1])), flush=True); input()",
         str(tmp_path / "check")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == str(tmp_path / "check")
        yield tmp_path / "check"
        other.kill()


def test_a_second_run_gets_a_folder_of_its_own(taken: Path) -> None:
    assert claim_free(taken) == taken.with_name("check-2")
    assert claim_free(taken) == taken.with_name("check-2")  # the same run


def test_a_folder_that_was_named_is_not_shared(taken: Path, capsys) -> None:
    with pytest.raises(SteleError, match="in use by another run") as raised:
        claim(taken)
    assert raised.value.code is Code.FAILED_PRECONDITION
    (taken / "results.jsonl").write_text("another run's\n")
    assert cli.main(["check", "--out", str(taken)]) == 3
    assert "FAILED_PRECONDITION" in capsys.readouterr().err
    assert (taken / "results.jsonl").read_text() == "another run's\n"


def test_a_run_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    script = HOLD + "import os; c.claim(Path(sys.argv[1])); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "check")], check=False)
    assert claim_free(tmp_path / "check") == tmp_path / "check"


def test_results_that_cannot_be_written(tmp_path: Path, capsys) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert cli.main(["check", "--out", str(file / "below")]) == 3
    message = capsys.readouterr().err
    assert message.startswith("stele: ")
    assert f'"{file / "below"}": Not a directory' in message
    with pytest.raises(SteleError, match="file/below/results"):
        Journal(file / "below" / "results.jsonl")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")
def test_a_full_disk_is_said() -> None:
    journal = Journal(Path("/dev/full"))
    with pytest.raises(SteleError) as raised:
        journal.begin(["stele"])
    assert raised.value.code is Code.RESOURCE_EXHAUSTED
    assert raised.value.message == '"/dev/full": No space left on device'


def test_what_was_decided_survives_a_kill(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from stele.parity.record import Journal, Link;"
        "journal = Journal(Path(sys.argv[1])); journal.begin(['x']);"
        "journal.add(Link('m', 'l', ok=True)); os.kill(os.getpid(), 9)"
    )
    file = tmp_path / "results.jsonl"
    subprocess.run([sys.executable, "-c", script, str(file)], check=False)
    assert [kind for kind, _ in read(file)] == ["run", "link"]
    assert Link(**list(read(file))[1][1]).ok
