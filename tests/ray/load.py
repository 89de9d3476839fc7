"""Clients that call a model all the time and compare each answer bit for bit."""

from __future__ import annotations

import itertools
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import stele_native

from stele import paths
from stele.contract.codes import SteleError
from stele.contract.dtypes import Array
from stele.remote import Model

# No call waits longer; one that does has failed.
_DEADLINE = 20.0


@dataclass(frozen=True)
class Case:
    """Inputs, and what the model answers in this process."""

    inputs: Mapping[str, Array]
    outputs: Mapping[str, Array]

    def holds(self, answer: Mapping[str, Array]) -> bool:
        """Tell whether an answer has the same names, dtypes, shapes and bits."""
        return answer.keys() == self.outputs.keys() and all(
            (answer[name].dtype, answer[name].shape) == (expected.dtype, expected.shape)
            and answer[name].tobytes() == expected.tobytes()
            for name, expected in self.outputs.items()
        )


def model() -> Path:
    """Return the SavedModel digits; end the program with status 3 if there is none."""
    folder = paths.models_dir() / "digits" / "saved_model"
    if not folder.exists():
        print("the model digits is not there; run: make model-digits", file=sys.stderr)
        raise SystemExit(3)
    return folder


def digits(folder: Path) -> list[Case]:
    """Return cases of the zoo's digits with 1 to 32 images each, and one with 1.3 MB of them.

    Args:
        folder: The SavedModel, run here by stele_native.
    """
    random = np.random.default_rng(2026)
    cases = []
    with stele_native.Model(folder) as here:
        for count in (*(1, 2, 3, 8, 32) * 12, 5000):
            inputs = {"image": random.uniform(0, 16, (count, 8, 8, 1)).astype(np.float32)}
            cases.append(Case(inputs, here.run(inputs)))
    return cases


@dataclass
class Tally:
    """What became of the calls of some clients.

    Attributes:
        seconds: Of each answered call.
        failed: How often each error came.
        differ: Answers that were not the expected bits.
    """

    seconds: list[float] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)
    differ: int = 0

    @property
    def calls(self) -> int:
        """All of them."""
        return len(self.seconds) + self.failed.total()

    def milliseconds(self, percent: float) -> float:
        """Return a percentile of the answered calls."""
        return float(np.percentile(self.seconds, percent)) * 1000


@contextmanager
def load(address: str, cases: list[Case], clients: int, retries: int) -> Iterator[Tally]:
    """Call the model ``digits`` from some threads, one call after the other, until the end.

    Args:
        address: The server's.
        cases: What to call it with, in turn.
        clients: How many threads.
        retries: Of a call that finds the server unavailable.
    """
    tally, lock, stop = Tally(), threading.Lock(), threading.Event()

    def call_on(remote: Model) -> None:
        run = remote.prepare()
        for case in itertools.cycle(cases):
            if stop.is_set():
                return
            start = time.perf_counter()
            try:
                right = case.holds(run(**case.inputs))
            except SteleError as error:
                with lock:
                    tally.failed[error.code.name] += 1
                continue
            with lock:
                tally.seconds.append(time.perf_counter() - start)
                tally.differ += not right

    with ExitStack() as stack:
        remotes = [
            stack.enter_context(
                Model.connect(address, "digits", retries=retries, deadline=_DEADLINE)
            )
            for _ in range(clients)
        ]
        threads = [threading.Thread(target=call_on, args=[remote]) for remote in remotes]
        for thread in threads:
            thread.start()
        try:
            yield tally
        finally:
            stop.set()
            for thread in threads:
                thread.join()
