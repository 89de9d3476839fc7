"""Threads on one model."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from stele_native import Model


def test_threads_on_one_model_give_the_same_bits(digits: Model) -> None:
    images = [np.full((1, 8, 8, 1), value, np.float32) for value in range(5)]
    expected = [digits(image=image)["probabilities"].tobytes() for image in images]
    assert len(set(expected)) == 5

    def run(thread: int) -> int:
        same = 0
        for index in range(1000):
            at = (thread + index) % 5
            same += digits(image=images[at])["probabilities"].tobytes() == expected[at]
        return same

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(run, range(8))) == [1000] * 8


def test_a_model_may_be_closed_while_it_runs(own: Path) -> None:
    model = Model(own / "busy", profile="inline")
    x = np.ones((512, 128), np.float32)
    expected = model(x=x)["y"].tobytes()
    inside = threading.Event()
    results = []

    def call() -> None:
        runner = model.prepare()
        inside.set()
        results.append(runner(x=x)["y"].tobytes())

    thread = threading.Thread(target=call)
    thread.start()
    inside.wait()
    model.close()
    thread.join()
    assert results == [expected]
