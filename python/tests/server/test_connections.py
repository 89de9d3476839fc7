"""What one client does to its own connection costs the others nothing."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import grpc
import numpy as np
import pytest

from .client import Client, infer_request, predict_request
from .conftest import serving
from .wire import INFER, LIVE, PREDICT, Wire, framed

OK, INVALID, EXHAUSTED, NOT_FOUND = 0, 3, 8, 5
MIB = 2**20
ROWS = {"x": np.ones((1, 2), np.float32)}

# Of the server's, on one connection.
STREAMS = 512


@pytest.fixture(scope="module")
def server(models: Path) -> Iterator[Client]:
    """A server with little room: 32 MiB, one call that runs and two that wait."""
    options = ("--workers", "1", "--queue", "2", "--max-inside", "32")
    with serving(*options, bench=models / "bench") as client:
        yield client


def rows() -> bytes:
    return bytes(infer_request("bench", ROWS).SerializeToString())


def spin(steps: int) -> bytes:
    request = infer_request("bench", {"steps": np.array(steps)}, "spin")
    return bytes(request.SerializeToString())


def wide(mebibytes: int) -> bytes:
    """A request with so much in it."""
    x = np.zeros((1, mebibytes * MIB // 4), np.float32)
    return bytes(infer_request("bench", {"x": x}, "wide").SerializeToString())


def others_are_served(server: Client) -> None:
    """Another client has its answers."""
    with server.process.connect() as other:
        for _ in range(10):
            assert other.call("ServerLive", timeout=10).live
            assert other.infer("bench", ROWS, timeout=10)


def test_streams_that_send_nothing_hold_nothing(server: Client) -> None:
    with Wire(server.address) as wire:
        assert wire.http.remote_settings.max_concurrent_streams == STREAMS
        for _ in range(STREAMS - 1):
            wire.open(INFER)
        others_are_served(server)
        assert server.process.inside() == 0
        # Nor on their own connection.
        assert wire.code(wire.open(INFER, rows())) == OK


def test_a_request_that_has_half_arrived_has_no_place(server: Client) -> None:
    half = framed(rows())[:-1]
    with Wire(server.address) as wire:
        streams = [wire.open(INFER) for _ in range(50)]
        for stream in streams:
            wire.send(stream, half)
        others_are_served(server)
        assert server.process.inside() == 0
        for stream in streams[:3]:
            wire.send(stream, framed(rows())[-1:], end=True)
            assert wire.code(stream) == OK


@pytest.mark.parametrize("message", [None, "spin"], ids=["headers", "requests"])
def test_resets_without_end(server: Client, message: str | None) -> None:
    data = spin(100) if message else None
    with server.process.connect() as other:
        for _ in range(20):
            with Wire(server.address) as wire:
                for _ in range(100):
                    # Until the server has enough of it, too.
                    if not wire.ended:
                        wire.reset(wire.open(INFER, data))
            # A call that runs cannot be stopped, and two may wait: not more.
            assert server.process.inside() <= 3
            assert other.call("ServerLive", timeout=10).live
    others_are_served(server)


def test_a_client_may_give_up_many_calls_at_once(server: Client) -> None:
    with Wire(server.address) as wire:
        for _ in range(300):
            wire.http.reset_stream(wire.begin(INFER))
        # All of them arrive before one is looked at.
        wire.flush()
        assert wire.code(wire.open(LIVE, b"")) == OK


def test_pings_during_a_call(server: Client) -> None:
    with Wire(server.address) as wire:
        stream = wire.open(INFER, spin(20_000))
        for _ in range(100):
            wire.ping()
        assert wire.code(stream) == OK
        assert wire.pongs == 100


def test_a_name_without_end_is_cut(models: Path) -> None:
    with serving("--access-log", bench=models / "bench") as client:
        before = client.process.forget_peak()
        request = infer_request("n" * 32 * MIB, ROWS).SerializeToString()
        with Wire(client.address) as wire:
            assert wire.code(wire.open(INFER, request)) == NOT_FOUND
        # As it arrived, and once more when it is decoded.
        assert client.process.peak() - before < 2.5 * len(request)
        assert len(client.process.log.read_text()) < 10_000
        assert client.process.metrics()["stele_requests_total", "ModelInfer", "", "NOT_FOUND"] == 1


def test_large_requests_are_admitted_as_far_as_there_is_room(server: Client) -> None:
    message = framed(wide(4))
    before = server.process.forget_peak()
    wires = [Wire(server.address) for _ in range(16)]
    streams = [wire.open(INFER) for wire in wires]
    for wire, stream in zip(wires, streams, strict=True):
        wire.send(stream, message[:-1])
    # Seven of 4 MiB and some bytes fit into 32 MiB, and nobody else's small one goes without.
    held = [(wire, s) for wire, s in zip(wires, streams, strict=True) if s not in wire.codes]
    others_are_served(server)
    for wire, stream in held:
        wire.send(stream, message[-1:], end=True)
    codes = Counter(wire.code(stream) for wire, stream in zip(wires, streams, strict=True))
    for wire in wires:
        wire.http.close_connection()
    assert codes.keys() == {OK, EXHAUSTED}
    assert codes[EXHAUSTED] >= 9
    assert server.process.peak() - before < 3 * 32 * MIB
    others_are_served(server)


def test_a_client_leaves_as_much_room_as_it_takes(server: Client) -> None:
    """Whether its requests ever arrive or not."""
    message = framed(wide(4))
    with Wire(server.address) as wire:
        streams = [wire.open(INFER) for _ in range(16)]
        for stream in streams:
            wire.send(stream, message[:-1])
        held = [stream for stream in streams if stream not in wire.codes]
        with Wire(server.address) as other:
            for _ in range(3):
                assert other.code(other.open(INFER, wide(4))) == OK
        for stream in held:
            wire.send(stream, message[-1:], end=True)
        codes = Counter(wire.code(stream) for stream in streams)
    # Three of 4 MiB and some bytes, of 32.
    assert codes == {OK: 3, EXHAUSTED: 13}


def test_what_stands_for_much_takes_its_room(server: Client) -> None:
    request = predict_request("bench", {})
    request.model_spec.signature_name = "wide"
    proto = request.inputs["x"]
    proto.dtype = 1
    for size in (1, 12 * MIB):
        proto.tensor_shape.dim.add(size=size)
    data = bytes(request.SerializeToString())
    assert len(data) < 100
    before = server.process.forget_peak()
    with Wire(server.address) as wire:
        assert wire.code(wire.open(PREDICT, data)) == EXHAUSTED
    assert server.process.peak() - before < 32 * MIB


def test_answers_that_nobody_reads_are_bounded(models: Path) -> None:
    request = infer_request("bench", {"count": np.array(MIB // 2)}, "large").SerializeToString()
    with serving("--workers", "1", "--max-inside", "32", bench=models / "bench") as server:
        before = server.process.forget_peak()
        with Wire(server.address, window=0) as wire:
            for _ in range(100):
                wire.open(INFER, request)
            # Nine answers of 2 MiB leave less than they take, and few more were begun before: all
            # stay where they are, and leave room. Refusals come without a window, also to those
            # that waited.
            while len(wire.codes) < 86:
                wire.read()
            assert {*wire.codes.values()} == {EXHAUSTED}
            assert server.process.peak() - before < 3 * 32 * MIB
            # Others are served all the same.
            with server.process.connect() as other:
                assert other.infer("bench", ROWS, timeout=10)
                assert other.call("ServerLive", timeout=10).live
        # It left, and with it, soon, what it was owed.
        for _ in range(500):
            with suppress(grpc.RpcError):
                server.infer("bench", ROWS)
                break
            time.sleep(0.01)
        others_are_served(server)
