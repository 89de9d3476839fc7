"""Plays the golden transcripts of ``bindings/contract/golden/`` to a worker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from stele import paths
from stele.contract.codes import Code, SteleError
from stele.contract.lines import parse_line
from stele.parity.conversation import Conversation
from stele.parity.process import Reply, WorkerError


def transcripts(level: int) -> list[Path]:
    """Return the transcripts that belong to a level."""
    return sorted((paths.bindings_dir() / "contract" / "golden").glob(f"{level}-*.txt"))


def play(conversation: Conversation, file: Path, words: Mapping[str, str]) -> str:
    """Play one transcript to a fresh worker.

    Args:
        conversation: Its worker is ended before and after.
        file: The transcript.
        words: What stands for ``{model}``, ``{in}``, ``{out}`` and ``{file}``.

    Returns:
        What went wrong first, with the line's number; empty when nothing did.

    Raises:
        SetupError: The binding cannot run on this machine.
        SteleError: INVALID_ARGUMENT for a transcript that is none.
    """
    return play_in_turn(conversation, {file: words})


def play_in_turn(conversation: Conversation, scenes: Mapping[Path, Mapping[str, str]]) -> str:
    """Play transcripts to one fresh worker, the end of the last alone.

    Args:
        conversation: Its worker is ended before and after.
        scenes: The transcripts, in turn, each with its words.

    Returns:
        As `play`.

    Raises:
        SetupError: As `play`.
        SteleError: As `play`.
    """
    conversation.stop()
    *_, last = scenes
    file = last
    try:
        for file, words in scenes.items():
            if problem := _play(conversation, file, words, ends=file == last):
                return problem
    except WorkerError as error:
        return f"{file.name}: {error}"
    finally:
        conversation.stop()
    return ""


def _play(conversation: Conversation, file: Path, words: Mapping[str, str], *, ends: bool) -> str:
    """Play one transcript to the worker that is there, with its ``bye`` if it ends there."""
    for number, request, expected in _exchanges(file):
        verb, *arguments = [_fill(field, words) for field in request]
        if verb == "bye" and not ends:
            continue
        reply = conversation.request(verb, *arguments, timeout=conversation.timeouts.load)
        if not _matches(reply, expected):
            got = " ".join((reply.status, *reply.fields))
            wanted = " ".join(expected)
            return f"{file.name}:{number}: {verb} answered {got!r}, expected {wanted!r}"
        if verb == "bye":
            conversation.await_exit()
    return ""


def _exchanges(file: Path) -> Iterator[tuple[int, list[str], list[str]]]:
    """Yield the number of the reply's line, a request and the reply that is due.

    Raises:
        SteleError: INVALID_ARGUMENT for a file that asks nothing, or is cut in the middle.
    """
    request: list[str] | None = None
    exchanges = 0
    for number, line in enumerate(file.read_text().splitlines(), 1):
        mark, fields = line[:2], parse_line(line[2:])
        if mark == "> " and request is None:
            request = fields
        elif mark == "< " and request is not None:
            yield number, request, fields
            request = None
            exchanges += 1
        elif line.strip() and not line.startswith("#"):
            raise SteleError(
                Code.INVALID_ARGUMENT, f"{file.name}:{number}: no request or reply is due"
            )
    if request is not None or not exchanges:
        raise SteleError(Code.INVALID_ARGUMENT, f"{file.name} ends without a reply")


def _fill(field: str, words: Mapping[str, str]) -> str:
    for name, value in words.items():
        field = field.replace("{" + name + "}", value)
    return field


def _matches(reply: Reply, pattern: list[str]) -> bool:
    got = [reply.status, *reply.fields]
    if pattern[-1] == "*":
        pattern = pattern[:-1]
        got = got[: len(pattern)]
    return len(got) == len(pattern) and all(map(fnmatchcase, got, pattern))
