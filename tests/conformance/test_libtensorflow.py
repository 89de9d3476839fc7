"""A machine without TensorFlow: an error that says what was tried, and a worker that lives."""

from __future__ import annotations

from pathlib import Path

import pytest

from stele.parity import family
from stele.remote import launch
from tests.conformance.player import Player

MESSAGE = """\
libtensorflow was not found. Tried:
  STELE_LIBTENSORFLOW=/no/where: no such file or folder
Install TensorFlow's wheel (`pip install tensorflow-cpu`), or set STELE_LIBTENSORFLOW to the \
folder that holds """


def test_no_libtensorflow(worker: Player, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not (worker.binding.in_process and worker.runs_sessions):
        pytest.skip("TensorFlow is the server's, or there is none")
    worker.digits()
    monkeypatch.setenv("STELE_LIBTENSORFLOW", "/no/where")
    player = Player(worker.binding, worker.models, tmp_path)
    player.start()
    try:
        reply = player.ask("load", worker.digits_target.folder, "serve", "default")
        if reply.status == "ok":
            pytest.skip("it has a TensorFlow of its own")
        assert reply.code == "NOT_FOUND"
        assert reply.message.startswith(MESSAGE)
        assert player.conversation.hello["tensorflow"] == ""
        player.ok("hello", "1")
        player.close()
    finally:
        player.conversation.stop()


def test_what_lies_beside_the_library_is_no_part_of_a_worker(worker: Player) -> None:
    """Its start and its memory are measured, and Keras imports what it finds installed."""
    worker.digits()
    for pid in family.of(worker.conversation.pid):
        maps = Path(f"/proc/{pid}/maps").read_text()
        assert [name for name in ("pandas", "sklearn") if f"/{name}/" in maps] == []


def test_a_client_of_a_server_has_no_tensorflow(worker: Player) -> None:
    """It would pay with memory and a slow start for what only the server needs."""
    if "stele.remote.launch" not in worker.binding.run:
        pytest.skip("it is no client")
    worker.digits()
    assert worker.conversation.hello["tensorflow"] == ""
    clients = [pid for pid in family.of(worker.conversation.pid) if _has_address(pid)]
    assert clients
    for pid in clients:
        assert "libtensorflow" not in Path(f"/proc/{pid}/maps").read_text()


def _has_address(pid: int) -> bool:
    return f"\0{launch.ADDRESS}=".encode() in b"\0" + Path(f"/proc/{pid}/environ").read_bytes()
