"""Writes the journal of a run that never was; as a program, for tests in a browser.

python journal.py OUT.jsonl
"""

from __future__ import annotations

import sys
from pathlib import Path

from stele.parity.record import Benchmark, Journal, Outcome, Result, Startup, WorkerInfo

ROUNDS = (100e3, 101e3, 99e3, 100e3, 102e3, 98e3)
TIMES = {"c": 1, "rust": 3, "python-onnx": 0.5}
"""How many times the rounds each binding takes; python-onnx is 7 ULP off."""


def write(file: Path) -> None:
    """Write it: a case, starts and turns of `TIMES`, one of which has a model elsewhere."""
    journal = Journal(file)
    journal.begin(["/x/stele", "bench", "<digits>"])
    journal.add(WorkerInfo("digits", "python-onnx", "Python", "", "unproven", (), (), 1, 1))
    for name, times in TIMES.items():
        identical = name != "python-onnx"
        journal.add(_result(name, identical=identical))
        calls = tuple(times * ns for ns in ROUNDS)
        rates = {1: tuple(1e9 / ns for ns in calls), 2: tuple(1.9e9 / ns for ns in calls)}
        journal.add(
            Benchmark(
                "digits", name, "default", "one", None, "k", identical, calls, 6, 1, 5, True, rates
            )
        )
        start = Startup("digits", name, "default", "k", (0.1,), (), (0.1,), (0.1,), 2**20, 2**30)
        journal.add(start)


def _result(name: str, *, identical: bool) -> Result:
    off = {"name": "y", "ulp": 7, "identical": False, "problem": "", "dtype": "FP32"}
    tensors = () if identical else (off,)
    return Result("digits", name, "one", "s", Outcome.PASS, identical=identical, tensors=tensors)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
