"""What the server does when there is too much to do, or too little time."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest

from .client import Client, connect, infer_request
from .conftest import refused, serving

STEPS = 20_000


def seconds_of_steps(client: Client, seconds: float, model: str = "bench") -> int:
    """Return how many steps keep a worker busy for about so long."""
    start = time.monotonic()
    client.infer(model, {"steps": np.array(STEPS)}, "spin")
    return int(seconds * STEPS / max(time.monotonic() - start, 0.01))


@pytest.fixture(scope="module")
def steps(bench: Client) -> int:
    """How many steps keep a worker busy for about a second."""
    return seconds_of_steps(bench, 1.0)


@pytest.fixture(scope="module")
def narrow(models: Path) -> Iterator[Client]:
    """A server that runs one call at a time, and lets two wait."""
    with serving("--workers", "1", "--queue", "2", bench=models / "bench") as client:
        yield client


def spin(client: Client, steps: int, timeout: float = 60.0) -> grpc.Future:
    return client.infer_later("bench", {"steps": np.array(steps)}, "spin", timeout)


def wait_until(client: Client, inside: int) -> None:
    for _ in range(1000):
        if client.process.inside() == inside:
            return
        time.sleep(0.01)
    raise AssertionError(client.process.inside())


def test_a_call_beyond_the_queue_is_refused_at_once(narrow: Client, steps: int) -> None:
    running = [spin(narrow, steps) for _ in range(3)]
    wait_until(narrow, 3)
    with refused("RESOURCE_EXHAUSTED", "3 calls"):
        narrow.infer("bench", {"x": np.ones((1, 2), np.float32)})
    # What is not inference still has an answer.
    assert narrow.call("ServerLive", timeout=5).live
    assert [future.result() is not None for future in running] == [True] * 3
    assert narrow.infer("bench", {"x": np.ones((1, 2), np.float32)})


def test_a_flood_is_refused_by_one_code(narrow: Client, steps: int) -> None:
    futures = [spin(narrow, steps // 20) for _ in range(200)]
    codes = Counter(future.code().name for future in futures)
    assert set(codes) == {"OK", "RESOURCE_EXHAUSTED"}
    assert codes["OK"] >= 3
    wait_until(narrow, 0)


def test_a_deadline_that_passes_in_the_queue(narrow: Client, steps: int) -> None:
    first = spin(narrow, steps)
    wait_until(narrow, 1)
    second = spin(narrow, steps, timeout=0.1)
    third = spin(narrow, 1)
    assert second.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    # It has left the queue, while the first still runs.
    wait_until(narrow, 2)
    assert not first.done()
    assert first.result() is not None
    assert third.result() is not None


@pytest.mark.parametrize("batch", [0, 4])
def test_calls_without_a_deadline_wait_their_turn(models: Path, steps: int, batch: int) -> None:
    rows = {"x": np.ones((1, 2), np.float32)}
    options = ("--workers", "1", "--queue", "8", "--batch", str(batch))
    with serving(*options, bench=models / "bench") as client:
        busy = spin(client, steps // 2)
        wait_until(client, 1)
        waiting = [
            client.infer_later("bench", rows, "serving_default", timeout=None) for _ in range(4)
        ]
        assert all(future.result().outputs for future in waiting)
        assert busy.result() is not None


def test_a_call_that_is_cancelled_in_the_queue_does_not_run(narrow: Client, steps: int) -> None:
    first = spin(narrow, steps)
    wait_until(narrow, 1)
    second = spin(narrow, 60 * steps)
    wait_until(narrow, 2)
    start = time.monotonic()
    assert second.cancel()
    wait_until(narrow, 1)
    assert first.result() is not None
    # A minute of work has not begun.
    assert narrow.infer("bench", {"x": np.ones((1, 2), np.float32)}, timeout=30)
    assert time.monotonic() - start < 30


def test_calls_inside_are_finished_when_the_server_drains(models: Path, steps: int) -> None:
    with serving("--workers", "1", bench=models / "bench") as client:
        futures = [spin(client, steps // 2) for _ in range(2)]
        wait_until(client, 2)
        client.process.terminate()
        while client.call("ServerReady").ready:
            time.sleep(0.01)
        assert not client.call("ModelReady", name="bench").ready
        with refused("UNAVAILABLE", "stopping"):
            client.infer("bench", {"x": np.ones((1, 2), np.float32)})
        assert all(future.result() is not None for future in futures)
        assert client.process.wait() == 0


def test_the_grace_ends(models: Path, steps: int) -> None:
    with serving("--workers", "1", "--grace", "0.2", bench=models / "bench") as client:
        future = spin(client, steps * 60)
        wait_until(client, 1)
        client.process.terminate()
        assert future.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
        assert client.process.wait() == 0


def test_requests_are_refused_before_they_wait(narrow: Client, steps: int) -> None:
    running = spin(narrow, steps)
    wait_until(narrow, 1)
    request = infer_request("bench", {"x": np.ones((1, 2), np.float32)})
    request.raw_input_contents[0] = b"?"
    with refused("INVALID_ARGUMENT", '"x"'):
        narrow.rpc("inference.GRPCInferenceService", "ModelInfer")(request)
    assert not running.done()
    running.result()


def test_a_large_answer_on_its_way_refuses_no_other_call(bench: Client) -> None:
    count = {"count": np.array(20_000_000, np.int64)}
    large = [bench.infer_later("bench", count, "large") for _ in range(3)]
    for _ in range(50):
        assert bench.call("ServerLive").live
    assert {future.code() for future in large} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert all("CLIENT" in future.details() for future in large)


def test_a_quick_signature_that_is_slow_for_once(models: Path, steps: int) -> None:
    # As many as there are threads that serve connections, on which quick ones run.
    count = (os.cpu_count() or 1) + 1
    # TensorFlow's own threads would be taken by then.
    options = ("--workers", str(count + 1), "--profile", "inline")
    with serving(*options, bench=models / "bench") as client:
        for _ in range(200):
            spin(client, 1).result()
        start = time.monotonic()
        slow = [spin(client, 60 * steps, timeout=3) for _ in range(count)]
        wait_until(client, count)
        assert client.call("ServerLive", timeout=20).live
        assert {future.code() for future in slow} == {grpc.StatusCode.DEADLINE_EXCEEDED}
        assert spin(client, 1, timeout=20).result()
        assert time.monotonic() - start < 30
        # What runs cannot be stopped.
        client.process.process.kill()


# --- shares -------------------------------------------------------------------


@pytest.fixture
def two(models: Path) -> Iterator[Client]:
    """A server of a slow model and a fast one, with one worker."""
    folder = models / "bench"
    with serving("--workers", "1", "--queue", "3", slow=folder, fast=folder) as client:
        yield client


def test_a_slow_model_makes_no_other_wait(two: Client, steps: int) -> None:
    # A minute each: all of the slow model's places are taken, and more is refused.
    slow = [
        two.infer_later("slow", {"steps": np.array(60 * steps)}, "spin", timeout=120)
        for _ in range(8)
    ]
    wait_until(two, 4)
    rows = {"x": np.ones((1, 2), np.float32)}
    with refused("RESOURCE_EXHAUSTED"):
        two.infer("slow", rows)
    for _ in range(20):
        assert two.infer("fast", rows)
    assert sum(not future.done() for future in slow) == 4
    # What runs cannot be stopped.
    two.process.process.kill()


def test_the_clients_of_a_model_take_turns(models: Path, steps: int) -> None:
    options = ("--workers", "1", "--queue", "16")
    # Channels to one address share a connection unless they are told not to.
    alone = ("grpc.use_local_subchannel_pool", 1)
    with (
        serving(*options, bench=models / "bench") as many,
        connect(many.process.address, alone) as one,
    ):
        done: list[str] = []
        futures = []

        def ask(client: Client, name: str) -> None:
            future = spin(client, steps // 10)
            futures.append(future)
            future.add_done_callback(lambda _future: done.append(name))

        for _ in range(10):
            ask(many, "many")
        wait_until(many, 10)
        ask(one, "one")
        assert all(future.result() is not None for future in futures)
        # Behind what ran, what had its turn by then, and perhaps one more of the others.
        assert done.index("one") <= 4
