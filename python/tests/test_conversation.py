"""What a conversation makes of a worker's answers: a few lines of Python that answer ``run``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stele.parity.binding import Binding
from stele.parity.case import Case, Target
from stele.parity.conversation import Conversation, Timeouts, clear
from stele.parity.record import Outcome

# `run` is a worker's own: it gets the number of the run and the folder for its outputs.
WORKER = """
import os, sys, time
from pathlib import Path
{run}
runs = 0
for line in sys.stdin:
    if not line.strip():
        continue
    number, verb, *arguments = line.rstrip("\\n").split("\\t")
    if verb == "run":
        runs += 1
        run(runs, Path(arguments[2]))
    said = ["protocol=1", "binding=small"] if verb == "hello" else []
    print("\\n@stele1", number, "ok", *said, sep="\\t", flush=True)
"""
WRITE = """
def write(folder):
    folder.mkdir(exist_ok=True)
    (folder / "0.bin").write_bytes(b"1234")
    (folder / "tensors.tsv").write_text("y\\tINT32\\t\\t4\\t0.bin\\n")
"""


@contextmanager
def opened(folder: Path, run: str) -> Iterator[Conversation]:
    command = (sys.executable, "-c", WORKER.format(run=WRITE + run))
    timeouts = Timeouts(generated=1)
    conversation = Conversation(
        Binding("small", folder, "", "", 1, command), folder, timeouts=timeouts
    )
    try:
        conversation.open(Target("model", folder))
        yield conversation
    finally:
        conversation.stop()


def test_what_a_run_wrote_is_no_answer_of_the_next(tmp_path: Path) -> None:
    run = "def run(runs, folder):\n    if runs != 2: write(folder)"
    case = Case("case", "f", tmp_path / "in")
    with opened(tmp_path, run) as conversation:
        answers = [conversation.run(case) for _ in range(3)]
    assert [answer.outcome for answer in answers] == [None, Outcome.PROTOCOL, None]
    assert "tensors.tsv" in answers[1].detail
    assert answers[2].outputs is not None
    assert answers[2].outputs["y"].data == b"1234"


def test_one_that_hangs_takes_nothing_from_another(tmp_path: Path) -> None:
    case = Case("case", "f", tmp_path / "in", generated=True)
    with (
        opened(tmp_path / "slow", "def run(runs, folder): time.sleep(3600)") as slow,
        opened(tmp_path / "quick", "def run(runs, folder): write(folder)") as quick,
    ):
        # Its answer is looked at when its time, too, is over.
        waiting = [slow.ask(case), quick.ask(case)]
        answers = [wait() for wait in waiting]
    assert answers[0].outcome is Outcome.TIMEOUT
    assert answers[1].outputs is not None


def test_clear_empties_a_folder_and_keeps_it(tmp_path: Path) -> None:
    folder, kept = tmp_path / "folder", tmp_path / "kept"
    clear(folder)  # there need be none
    (folder / "inner").mkdir(parents=True)
    kept.mkdir()
    for file in (folder / "file", folder / "inner" / "file", kept / "file"):
        file.touch()
    (folder / "link").symlink_to(kept)
    clear(folder)
    assert list(folder.iterdir()) == []
    assert (kept / "file").exists()
