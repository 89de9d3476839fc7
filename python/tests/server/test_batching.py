"""Calls that wait run as one batch; none gets another's answer, or another's error.

The models say in the output ``rows`` how many rows ran together.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest
import stele_native

from stele.wire import oip

from .client import Client, bits
from .conftest import refused, serving
from .test_bounds import seconds_of_steps, wait_until

ONE_TURN = ("--workers", "1", "--batch", "8")

# For how long calls can gather; after so much computing it is sure that they can.
HOLD = 1.5
RUNS = 0.2


@pytest.fixture(scope="module")
def batching(models: Path) -> Iterator[Client]:
    with serving(*ONE_TURN, bench=models / "bench") as client:
        client.hold = seconds_of_steps(client, HOLD)
        yield client


class Gathered:
    """Calls that gather while a call holds the model's only turn: from `with` to its end."""

    def __init__(self, client: Client, model: str = "bench", **held: np.ndarray) -> None:
        self._client = client
        self._model = model
        signature = "serving_default" if held else "spin"
        held = held or {"steps": np.array(client.hold)}
        computed = client.process.computed()
        self._held = client.infer_later(model, held, signature)
        self._inside = 1
        # It is inside before it is decoded: what computes for so long runs the model.
        while client.process.computed() < computed + RUNS:
            time.sleep(0.01)

    def __enter__(self) -> Gathered:
        return self

    def __exit__(self, *exception: object) -> None:
        assert not self._held.done(), "the calls gathered too slowly to be sure of their order"
        self._held.result()

    def add(self, signature: str, **inputs: np.ndarray) -> grpc.Future:
        """Send a call, and wait until it is inside, so that the order is known."""
        future = self._client.infer_later(self._model, inputs, signature)
        self._inside += 1
        wait_until(self._client, self._inside)
        return future


def x(*values: float) -> np.ndarray:
    return np.array([[value, -value] for value in values], np.float32)


def outputs(future: grpc.Future) -> dict[str, np.ndarray]:
    return dict(oip.take_outputs(future.result()))


def rows(future: grpc.Future) -> int:
    (found,) = set(outputs(future)["rows"].tolist())
    return found


def test_waiting_calls_run_as_one_and_each_gets_its_own_rows(batching: Client) -> None:
    with Gathered(batching) as gathered:
        sent = [x(1), x(2, 3), x(4, 5, 6)]
        futures = [gathered.add("serving_default", x=array) for array in sent]
    assert [rows(future) for future in futures] == [6, 6, 6]
    for array, future in zip(sent, futures, strict=True):
        assert outputs(future)["y"].tolist() == (array * 2).tolist()


def test_a_call_that_need_not_wait_does_not(batching: Client) -> None:
    for _ in range(3):
        assert set(batching.infer("bench", {"x": x(1)})["rows"].tolist()) == {1}


def test_no_batch_is_larger_than_its_limit(batching: Client) -> None:
    with Gathered(batching) as gathered:
        futures = [gathered.add("serving_default", x=x(*range(3))) for _ in range(5)]
    assert [rows(future) for future in futures] == [6, 6, 6, 6, 3]
    assert rows(batching.infer_later("bench", {"x": x(*range(50))}, "serving_default")) == 50


def test_signatures_and_shapes_never_mix(batching: Client) -> None:
    with Gathered(batching) as gathered:
        narrow = [gathered.add("wide", x=np.ones((1, 2), np.float32)) for _ in range(2)]
        other = [gathered.add("serving_default", x=x(1)) for _ in range(2)]
        wide = [gathered.add("wide", x=np.ones((1, 3), np.float32)) for _ in range(3)]
    assert [rows(future) for future in (*narrow, *other, *wide)] == [2, 2, 2, 2, 3, 3, 3]
    for future, width in ((narrow[0], 2), (wide[0], 3)):
        assert outputs(future)["y"].tolist() == [[2.0] * width]


def test_what_has_no_rows_runs_alone(batching: Client) -> None:
    with Gathered(batching) as gathered:
        steps = [gathered.add("spin", steps=np.array(3)) for _ in range(2)]
        ranks = [gathered.add("any_rank", x=np.zeros(2, np.int32)) for _ in range(2)]
        # Inputs with different numbers of rows.
        added = [
            gathered.add("added", a=np.ones(1, np.float32), b=np.ones(3, np.float32))
            for _ in range(2)
        ]
        empty = [gathered.add("serving_default", x=x(1)[:0]) for _ in range(2)]
    assert [outputs(future)["done"].tolist() for future in steps] == [3.0, 3.0]
    assert [outputs(future)["y"].tolist() for future in ranks] == [[1, 1]] * 2
    assert [outputs(future)["y"].tolist() for future in added] == [[2, 2, 2]] * 2
    assert [outputs(future)["y"].shape for future in empty] == [(0, 2)] * 2


def test_strings_batch_too(batching: Client) -> None:
    with Gathered(batching) as gathered:
        futures = [
            gathered.add("upper", text=np.array([word, b""], object)) for word in (b"a\0", b"bcd")
        ]
    assert [outputs(future)["text"].tolist() for future in futures] == [
        [b"A\0", b""],
        [b"BCD", b""],
    ]


def test_an_error_is_its_cause_s_alone(batching: Client) -> None:
    with Gathered(batching) as gathered:
        good = gathered.add("positive", x=np.array([1, 2], np.float32))
        bad = gathered.add("positive", x=np.array([1, -2], np.float32))
        late = gathered.add("positive", x=np.array([3], np.float32))
    assert outputs(good)["y"].tolist() == [2, 3]
    assert outputs(late)["y"].tolist() == [4]
    with refused("INVALID_ARGUMENT"):
        bad.result()


def test_a_misfit_never_enters_a_batch(batching: Client) -> None:
    with Gathered(batching) as gathered:
        good = [gathered.add("serving_default", x=x(1)) for _ in range(2)]
        with refused("INVALID_ARGUMENT", '"x"', "[1,3]", "[?,2]"):
            batching.infer("bench", {"x": np.ones((1, 3), np.float32)})
    assert [rows(future) for future in good] == [2, 2]


def test_outputs_that_are_no_rows_are_never_dealt_out(batching: Client) -> None:
    sent = [np.array([1, -1], np.float32), np.array([-1, -1], np.float32)]
    for _ in range(2):
        with Gathered(batching) as gathered:
            futures = [gathered.add("filtered", x=array) for array in sent]
        assert [outputs(future)["y"].tolist() for future in futures] == [[1.0], []]
    assert batching.process.log.read_text().count("one by one from now on") == 1


def test_a_client_that_leaves_does_not_take_the_others_along(batching: Client) -> None:
    with Gathered(batching) as gathered:
        futures = [gathered.add("serving_default", x=x(number)) for number in range(4)]
        # The one that came first, and one that follows.
        assert futures[0].cancel()
        assert futures[2].cancel()
        wait_until(batching, 3)
    assert [rows(futures[index]) for index in (1, 3)] == [2, 2]
    assert outputs(futures[3])["y"].tolist() == (x(3) * 2).tolist()


def test_a_deadline_that_passes_before_the_batch(batching: Client) -> None:
    with Gathered(batching) as gathered:
        first = gathered.add("serving_default", x=x(1))
        late = batching.infer_later("bench", {"x": x(2)}, "serving_default", timeout=0.05)
        assert late.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        wait_until(batching, 2)
    assert rows(first) == 1


def test_many_clients_at_once(models: Path) -> None:
    """Every one of many calls, with workers that race, gets its own answer."""
    wrong: list[object] = []

    def ask(seed: int) -> None:
        random = np.random.default_rng(seed)
        for _ in range(15):
            array = random.random((int(random.integers(1, 5)), 2)).astype(np.float32)
            signature = ("serving_default", "wide")[int(random.integers(2))]
            found = client.infer("bench", {"x": array}, signature)
            if bits({"y": found["y"]}) != bits({"y": array * np.float32(2)}):
                wrong.append((array, found))

    with serving("--workers", "2", "--batch", "8", bench=models / "bench") as client:
        threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert client.process.inside() == 0
    assert not wrong


def test_a_batch_has_the_bits_that_the_model_gives_for_it(zoo) -> None:
    """They may differ from those of its rows alone: see docs/serving.md."""
    folder = zoo("digits")
    images = np.random.default_rng(0).random((6, 8, 8, 1)).astype(np.float32)
    # More rows than a batch may have, which take a while.
    many = np.zeros((60_000, 8, 8, 1), np.float32)
    with serving(*ONE_TURN, digits=folder) as client:
        with Gathered(client, "digits", image=many) as gathered:
            futures = [gathered.add("serving_default", image=image[None]) for image in images]
        found = np.concatenate([outputs(future)["probabilities"] for future in futures])
    model = stele_native.Model(folder)
    assert found.tobytes() == model.run({"image": images})["probabilities"].tobytes()


def test_call_that_leaves_an_input_to_its_default_runs_alone(models: Path) -> None:
    with serving(*ONE_TURN, defaulted=models / "defaulted") as client:
        client.hold = seconds_of_steps(client, HOLD, "defaulted")
        value = np.array([1, 2], np.float32)
        with Gathered(client, "defaulted") as gathered:
            left_out = [gathered.add("serving_default", x=value) for _ in range(2)]
            given = [gathered.add("serving_default", x=value, offset=value) for _ in range(2)]
        for future in left_out:
            assert outputs(future)["y"].tolist() == [2, 3]
            assert outputs(future)["rows"].tolist() == [2, 2]
        for future in given:
            assert outputs(future)["y"].tolist() == [2, 4]
            assert outputs(future)["rows"].tolist() == [4, 4]


def test_who_has_the_answer_finds_the_place_free(models: Path) -> None:
    """The next call of a client that asks one by one is never one too many."""
    with serving(*ONE_TURN, "--queue", "0", bench=models / "bench") as client:
        for _ in range(3000):
            client.infer("bench", {"x": np.ones((1, 2), np.float32)})
