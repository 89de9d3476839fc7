"""Plays the golden transcripts of ``bindings/contract/golden/`` to a worker."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

from stele import paths
from stele.contract.lines import parse_line
from stele.parity.conversation import Conversation
from stele.parity.process import Reply, WorkerError


def transcripts(level: int) -> list[Path]:
    """Return the transcripts that belong to a level."""
    return sorted((paths.bindings_dir() / "contract" / "golden").glob(f"{level}-*.txt"))


def play(conversation: Conversation, file: Path, words: dict[str, str]) -> str:
    """Play one transcript to a fresh worker.

    Args:
        conversation: Its worker is ended before and after.
        file: The transcript.
        words: What stands for ``{model}``, ``{in}``, ``{out}`` and ``{file}``.

    Returns:
        What went wrong first, with the line's number; empty when nothing did.

    Raises:
        SetupError: The binding cannot run on this machine.
    """
    conversation.stop()
    verb = ""
    arguments: list[str] = []
    try:
        for number, line in enumerate(file.read_text().splitlines(), 1):
            fields = parse_line(line[2:])
            if line.startswith("> "):
                verb, *arguments = [_fill(field, words) for field in fields]
            elif line.startswith("< "):
                reply = conversation.request(verb, *arguments, timeout=conversation.timeouts.load)
                if not _matches(reply, fields):
                    got = " ".join((reply.status, *reply.fields))
                    return f"{file.name}:{number}: {verb} answered {got!r}, expected {line[2:]!r}"
    except WorkerError as error:
        return f"{file.name}: {error}"
    finally:
        conversation.stop()
    return ""


def _fill(field: str, words: dict[str, str]) -> str:
    for name, value in words.items():
        field = field.replace("{" + name + "}", value)
    return field


def _matches(reply: Reply, pattern: list[str]) -> bool:
    got = [reply.status, *reply.fields]
    if pattern[-1] == "*":
        pattern = pattern[:-1]
        got = got[: len(pattern)]
    return len(got) == len(pattern) and all(map(fnmatchcase, got, pattern))
