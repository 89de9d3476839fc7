"""A worker that misbehaves on purpose, to test the harness.

    python fake.py BEHAVIOUR

It knows one made-up model, whose one signature returns its inputs doubled, and
follows protocol 1 but for the one thing that BEHAVIOUR names.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from stele import savedmodel
from stele.contract import worker
from stele.contract.bundle import Tensors
from stele.contract.codes import Code, SteleError
from stele.contract.config import PROFILES
from stele.contract.dtypes import Array
from stele.contract.signature import check_inputs, find_signature

BEHAVIOUR = sys.argv[1]
TENSORFLOW = (
    Path(os.environ["STELE_LIBTENSORFLOW"]).name
    if BEHAVIOUR.startswith("other-class-upgraded")
    else ""
)
CRASH_ON = 2
LARGE = 1_000_000
LEAKED: list[bytes] = []
ROWS = 100


def _off_by_one_ulp(array: Array) -> Array:
    return np.nextafter(array, np.float32(np.inf)) if array.dtype == np.float32 else array


def _upgraded(array: Array) -> Array:
    """Be a TensorFlow as far from the others as the last number of its version says."""
    patch = TENSORFLOW.rpartition(".")[2]
    return {"1": _off_by_one_ulp(array), "2": array + array.dtype.type(1)}.get(patch, array)


def _column_major(array: Array) -> Array:
    return np.frombuffer(array.tobytes(order="F"), dtype=array.dtype).reshape(array.shape)


def _negative_zero(array: Array) -> Array:
    return np.where(array == 0, np.float32(-0.0), array).astype(array.dtype)


_SPOILERS: dict[str, Callable[[Array], Array]] = {
    "wrong": lambda array: array + array.dtype.type(1),
    "slow-and-wrong": lambda array: array + array.dtype.type(1),
    "wrong-dtype": lambda array: array.astype(np.float64),
    "wrong-shape": lambda array: array.reshape(*array.shape, 1),
    "off-by-one-ulp": _off_by_one_ulp,
    "remote-off-by-one-ulp": _off_by_one_ulp,
    "other-class-one-ulp": _off_by_one_ulp,
    "other-class-wrong": lambda array: array + array.dtype.type(1),
    "other-class-upgraded": _upgraded,
    "column-major": _column_major,
    "wrong-on-large": lambda array: np.where(array > LARGE, array - 1, array).astype(array.dtype),
    "negative-zero": _negative_zero,
}


class Model:
    def __init__(self, folder: Path, tags: frozenset[str]) -> None:
        self.signatures = savedmodel.load_signatures(folder, tags)
        self._runs = 0

    def prepare(self, signature: str, inputs: Tensors) -> Callable[[], Mapping[str, Array]]:
        if BEHAVIOUR == "always-unknown":
            raise SteleError(Code.UNKNOWN, "something went wrong")
        found = find_signature(self.signatures, signature)
        if BEHAVIOUR != "no-checks":
            check_inputs(found, inputs)
        if BEHAVIOUR.endswith("-rows") and len(dict(inputs)["x"]) != ROWS:
            raise SteleError(Code.INVALID_ARGUMENT, f"{ROWS} rows are due")
        return self._call(dict(inputs))

    def _call(self, inputs: dict[str, Array]) -> Callable[[], Mapping[str, Array]]:
        def call() -> Mapping[str, Array]:
            self._runs += 1
            misbehave(self._runs)
            if BEHAVIOUR == "leak-runs":
                LEAKED.append(b"x" * (64 << 10))
            if BEHAVIOUR.startswith("bench"):
                time.sleep(1e-4)  # a call that takes its time, as a model's does
            doubled = inputs["x"] + inputs["x"]
            if BEHAVIOUR == "other-class-crash-on-large" and (doubled > LARGE).any():
                os.kill(os.getpid(), signal.SIGABRT)
            outputs = {"doubled": _SPOILERS.get(BEHAVIOUR, lambda array: array)(doubled)}
            if BEHAVIOUR == "missing-output":
                return {}
            if BEHAVIOUR == "extra-output":
                outputs["more"] = doubled
            return outputs

        return call

    def close(self) -> None:
        if BEHAVIOUR == "bad-end":
            sys.exit(7)


def misbehave(runs: int) -> None:
    """Do what a healthy worker never does, in the middle of a run."""
    if BEHAVIOUR == "crash" or (BEHAVIOUR == "crash-on-second" and runs == CRASH_ON):
        os.kill(os.getpid(), signal.SIGABRT)
    mark = Path("crashed")  # in the worker's own folder
    if BEHAVIOUR == "crash-once" and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGSEGV)
    mark = Path("grown")
    if BEHAVIOUR == "other-class-grow-once" and not mark.exists():
        mark.touch()
        while True:
            LEAKED.append(b"x" * (4 << 20))
            time.sleep(0.01)
    if BEHAVIOUR == "slow-and-wrong":
        time.sleep(0.2)
    if BEHAVIOUR.startswith("meets-"):
        meet(runs)
    if BEHAVIOUR == "exit":
        sys.exit(0)
    if BEHAVIOUR == "hang":
        Path("hanging").touch()
        time.sleep(3600)
    if BEHAVIOUR == "noise":
        print("@stele is what this line begins with", "tab\there", sep="\n", flush=True)
        sys.stdout.buffer.write(b"\xff\xfe no line end")
        sys.stdout.flush()
        print("INFO: stderr is no verdict", file=sys.stderr)
    if BEHAVIOUR == "wrong-id":
        print(f"\n{worker.PREFIX}\t999999\tok", flush=True)
    if BEHAVIOUR == "garbage":
        print(f"\n{worker.PREFIX}\tand nothing that makes sense", flush=True)


def meet(runs: int) -> None:
    """Wait until the others that do this are in the same run."""
    Path(f"met-{runs}").touch()
    while not all((other / f"met-{runs}").exists() for other in Path("..").glob("*meets-*")):
        time.sleep(0.001)


class Runner:
    binding = f"fake-{BEHAVIOUR}" if BEHAVIOUR != "impostor" else "c"
    language = "Python"
    tensorflow = TENSORFLOW

    def load(self, folder: Path, tags: frozenset[str], config: bytes) -> Model:
        if config != PROFILES["default"]:
            raise worker.Unsupported("a session config")
        if TENSORFLOW.endswith(".3"):
            raise SteleError(Code.NOT_FOUND, "no such op")
        if BEHAVIOUR == "leak-loads":
            LEAKED.append(b"x" * (2 << 20))
        if BEHAVIOUR == "loads-anything":
            return Model(folder if folder.is_dir() else Path.cwd(), tags)
        if BEHAVIOUR == "hang-on-load":
            time.sleep(3600)
        return Model(folder, tags)


def join_the_class() -> None:
    """Map the very libraries that the reference maps, so that bits must agree."""
    folder = Path(os.environ["STELE_LIBTENSORFLOW"])
    for name in ("libtensorflow_framework.so.2", "libtensorflow_cc.so.2"):
        ctypes.CDLL(str(folder / name))


def spoil_bench() -> None:
    """Measure in another unit, or leave the untimed calls out."""
    honest = worker._Worker._bench

    def bench(
        self: worker._Worker, signature: str, source: str, target: str, *rest: str
    ) -> list[str]:
        warmup, runs, samples = rest
        if BEHAVIOUR == "bench-cold":
            warmup = "0"
        honest(self, signature, source, target, warmup, runs, samples)
        if BEHAVIOUR == "bench-microseconds":
            elapsed = np.fromfile(samples, dtype="<u8")
            np.maximum(1, elapsed // 1000).astype("<u8").tofile(samples)
        if BEHAVIOUR == "bench-picoseconds":
            (np.fromfile(samples, dtype="<u8") * 1000).tofile(samples)
        return []

    worker._Worker._bench = bench  # type: ignore[method-assign,assignment]


def start_server() -> None:
    """Let another process map the libraries, as a server does for its client."""
    child = "import fake; fake.join_the_class(); print(flush=True); input()"
    server = subprocess.Popen(
        [sys.executable, "-c", child, BEHAVIOUR],
        stdin=subprocess.PIPE,  # ends with this process
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parent)},
    )
    assert server.stdout is not None
    server.stdout.readline()


if __name__ == "__main__":
    if BEHAVIOUR.startswith("remote"):
        start_server()
    elif not BEHAVIOUR.startswith("other-class"):
        join_the_class()
    spoil_bench()
    sys.exit(worker.serve(Runner()))
