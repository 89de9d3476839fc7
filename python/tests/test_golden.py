"""Golden transcripts can fail: each way a worker may leave one is found."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from stele.contract.codes import SteleError
from stele.parity import golden
from stele.parity.binding import Binding
from stele.parity.conversation import Conversation

# Answers `verb` with what the test gives it, everything else as a worker does.
WORKER = r"""
import sys
for line in sys.stdin:
    if not line.strip():
        continue
    number, verb, *arguments = line.rstrip("\n").split("\t")
    reply = {"hello": "ok\tprotocol=1\tbinding=small", "bye": "ok"}.get(verb, sys.argv[1])
    print(f"\n@stele1\t{number}\t{reply}", flush=True)
    if verb == "bye":
        sys.exit(int(sys.argv[2]))
"""
TRANSCRIPT = "# One question.\n> verb\t{in}\n< {reply}\n> bye\n< ok\n"


def play(tmp_path: Path, transcript: str, *answer: str) -> str:
    file = tmp_path / "1-small.txt"
    file.write_text(transcript)
    run = (sys.executable, "-c", WORKER, *answer)
    binding = Binding("small", tmp_path, "Python", "", 1, run)
    return golden.play(Conversation(binding, tmp_path / "worker"), file, {"in": "/in"})


@pytest.mark.parametrize(
    ("expected", "answer"),
    [
        ("ok", "ok"),
        ("ok\t*", "ok\ta=1\tb=2"),
        ("error\tNOT_FOUND\t*/in*", "error\tNOT_FOUND\tno /in here"),
    ],
)
def test_a_reply_that_fits(tmp_path: Path, expected: str, answer: str) -> None:
    assert play(tmp_path, TRANSCRIPT.replace("{reply}", expected), answer, "0") == ""


@pytest.mark.parametrize(
    ("expected", "answer"),
    [
        ("ok", "unsupported\tverb verb"),
        ("ok", "ok\tmore"),
        ("ok\t*", "error\tNOT_FOUND\tno"),
        ("error\tNOT_FOUND\t*", "error\tINTERNAL\tno"),
        ("error\tNOT_FOUND\t*/in*", "error\tNOT_FOUND\tnothing is named"),
    ],
)
def test_a_reply_that_does_not_fit(tmp_path: Path, expected: str, answer: str) -> None:
    problem = play(tmp_path, TRANSCRIPT.replace("{reply}", expected), answer, "0")
    assert problem.startswith("1-small.txt:3: verb answered ")


def test_a_last_reply_that_does_not_fit(tmp_path: Path) -> None:
    assert play(tmp_path, "> verb\n< ok\n> bye\n< error\t*\n", "ok", "0")


def test_the_exit_status_after_bye_counts(tmp_path: Path) -> None:
    problem = play(tmp_path, TRANSCRIPT.replace("{reply}", "ok"), "ok", "7")
    assert problem == "1-small.txt: bye: the worker exited with status 7"


@pytest.mark.parametrize(
    ("replies", "status", "expected"),
    [
        (("ok", "ok"), "0", ""),
        (("no", "ok"), "0", "1-small.txt:2: verb answered 'ok', expected 'no'"),
        (("ok", "no"), "0", "2-small.txt:2: verb answered 'ok', expected 'no'"),
        (("ok", "ok"), "7", "2-small.txt: bye: the worker exited with status 7"),
    ],
)
def test_two_in_turn_are_one_conversation(
    tmp_path: Path, replies: tuple[str, ...], status: str, expected: str
) -> None:
    scenes: dict[Path, dict[str, str]] = {}
    for number, reply in enumerate(replies, 1):
        file = tmp_path / f"{number}-small.txt"
        file.write_text(f"> verb\n< {reply}\n> bye\n< ok\n")
        scenes[file] = {}
    run = (sys.executable, "-c", WORKER, "ok", status)
    conversation = Conversation(Binding("small", tmp_path, "", "", 1, run), tmp_path / "worker")
    assert golden.play_in_turn(conversation, scenes) == expected


@pytest.mark.parametrize(
    "transcript",
    [
        "",
        "# Nothing.\n",
        "> verb\n",
        "> verb\n> bye\n< ok\n",
        "> verb\n< ok\n> bye\n",
        "< ok\n",
        "verb\n< ok\n",
    ],
)
def test_a_transcript_that_asks_nothing(tmp_path: Path, transcript: str) -> None:
    with pytest.raises(SteleError, match=r"INVALID_ARGUMENT: 1-small\.txt"):
        play(tmp_path, transcript, "ok", "0")
