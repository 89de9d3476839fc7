"""Mixed load and abuse for a while: no wrong answer, no INTERNAL, no growing memory.

    python python/bench/soak.py [--minutes 10] [--update docs/serving.md]

Two servers of the zoo, one of which batches, take right requests whose every bit is
known, damaged ones, calls that are cancelled or out of time, floods, clients that
come and go, and a new version of a model every two seconds. Prints a line a minute
and a summary; exits with 1 when anything was wrong.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import stele_native
from wire import SECONDS, Server, make_models

from stele import marked, paths, savedmodel
from stele.contract import bundle
from stele.contract.dtypes import Array
from stele.parity import generate
from stele.parity.record import machine
from stele.wire import messages, oip, tensor_proto
from stele.zoo import train

MARK = "soak figures"
ZOO = ("digits", "langid", "dtypes")
SWAPPED = "digits"
# Its rows' bits do not depend on what else is in a batch.
BATCHED = "rows"
# A version's memory lies where there was room: each moves the sum by a MiB or two, up or
# down. With many of them in the time that is looked at, only what stays behind is left.
SWAP_SECONDS = 2.0
SAMPLE_SECONDS = 1.0

# Of a right request, in this load: the answer, or one of these.
FAIR = {"OK", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED", "CANCELLED"}
# Of a damaged one too.
FAIR_TO_DAMAGED = FAIR | {
    "INVALID_ARGUMENT", "NOT_FOUND", "UNIMPLEMENTED", "FAILED_PRECONDITION",
}  # fmt: skip

# The part of the run in which caches fill and memory may grow.
WARM_UP = 0.5
# In the rest of it, from begin to end.
FLAT_MIB = 1.0


@dataclass(frozen=True)
class Request:
    """A right request, and the bits due."""

    path: str
    data: bytes
    expected: dict[str, bytes]

    def is_right(self, answer: bytes) -> bool:
        """Compare an answer, every bit of every output."""
        if self.path.endswith("/Predict"):
            response = messages.PredictResponse.FromString(answer)
            pairs = [(name, tensor_proto.take(name, p)) for name, p in response.outputs.items()]
        else:
            pairs = oip.take_outputs(messages.ModelInferResponse.FromString(answer))
        return {name: _bits(array) for name, array in pairs} == self.expected


def _bits(array: Array) -> bytes:
    return f"{array.dtype} {array.shape} ".encode() + bundle.encode(array)


def requests(name: str, folder: Path) -> Iterator[Request]:
    """Yield right requests for all that a model can do, in every form."""
    model = stele_native.Model(folder)
    infer = messages.methods(messages.OPEN_INFERENCE)["ModelInfer"].path
    predict = messages.methods(messages.PREDICTION)["Predict"].path
    for signature in savedmodel.load_signatures(folder).values():
        for _, inputs in generate.variants(name, signature):
            try:
                outputs = model.run(inputs, signature.name)
            except stele_native.SteleError:
                # Values that TensorFlow itself refuses are not this program's business.
                continue
            expected = {output: _bits(array) for output, array in outputs.items()}
            for raw in (True, False):
                request = messages.ModelInferRequest(model_name=name)
                request.parameters["signature_name"].string_param = signature.name
                oip.put_inputs(request, inputs, raw=raw)
                yield Request(infer, request.SerializeToString(), expected)
            asked = messages.PredictRequest(
                model_spec={"name": name, "signature_name": signature.name}
            )
            for key, array in inputs.items():
                tensor_proto.put(asked.inputs[key], array)
            yield Request(predict, asked.SerializeToString(), expected)


def damaged(data: bytes, dice: random.Random) -> bytes:
    """Return a request with some bytes replaced, inserted, deleted, or cut off."""
    for _ in range(dice.randint(1, 3)):
        at = dice.randint(0, len(data))
        new = dice.randbytes(dice.randint(1, 8))
        data = dice.choice(
            (
                data[:at] + new + data[at + len(new) :],
                data[:at] + new + data[at:],
                data[:at] + data[at + len(new) :],
                data[:at],
            )
        )
    return data


class Load:
    """Threads that call one server until the end, and what they saw."""

    def __init__(self, server: Server, right: list[Request], end: float) -> None:
        self.codes: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._server = server
        self._right = right
        self._end = end
        self._lock = threading.Lock()
        self.threads = [
            threading.Thread(target=self._repeat, args=(work, seed))
            for seed, work in enumerate(
                (self._ask, self._ask, self._damage, self._damage, self._leave, self._flood)
            )
        ]

    def _repeat(self, work: Callable[[grpc.Channel, random.Random], None], seed: int) -> None:
        dice = random.Random(seed)  # noqa: S311
        while time.monotonic() < self._end:
            # Clients come and go, and so do their connections.
            with grpc.insecure_channel(self._server.address) as channel:
                leave = min(time.monotonic() + 5 * dice.random(), self._end)
                while time.monotonic() < leave:
                    try:
                        work(channel, dice)
                    except Exception as error:
                        # Such as an answer that is no message.
                        self._blame(f"{type(error).__name__}: {error}")

    def _ask(self, channel: grpc.Channel, dice: random.Random) -> None:
        request = dice.choice(self._right)
        self._judge(request, channel.unary_unary(request.path).future(request.data, SECONDS))

    def _damage(self, channel: grpc.Channel, dice: random.Random) -> None:
        request = dice.choice(self._right)
        data = damaged(request.data, dice)
        future = channel.unary_unary(request.path).future(data, SECONDS)
        self._count(future, FAIR_TO_DAMAGED, request.path)

    def _leave(self, channel: grpc.Channel, dice: random.Random) -> None:
        request = dice.choice(self._right)
        patience = dice.random() * 0.004
        call = channel.unary_unary(request.path)
        if dice.random() < 0.5:
            self._judge(request, call.future(request.data, patience))
            return
        future = call.future(request.data, SECONDS)
        time.sleep(patience)
        future.cancel()
        self._judge(request, future)

    def _flood(self, channel: grpc.Channel, dice: random.Random) -> None:
        chosen = [dice.choice(self._right) for _ in range(150)]
        futures = [channel.unary_unary(one.path).future(one.data, SECONDS) for one in chosen]
        for request, future in zip(chosen, futures, strict=True):
            self._judge(request, future)
        time.sleep(dice.random())

    def _judge(self, request: Request, future: Any) -> None:  # noqa: ANN401
        if self._count(future, FAIR, request.path) == "OK" and not request.is_right(
            future.result()
        ):
            self._blame(f"another answer from {request.path}: {request.data[:80]!r}")

    def _count(self, future: Any, fair: set[str], path: str) -> str:  # noqa: ANN401
        try:
            code = future.code().name
        except grpc.FutureCancelledError:
            code = "CANCELLED"
        with self._lock:
            self.codes[code] += 1
        if code not in fair:
            self._blame(f"{code} from {path}: {future.details()}")
        return str(code)

    def _blame(self, what: str) -> None:
        with self._lock:
            self.wrong.append(what)


def swap(folder: Path, source: Path, end: float) -> None:
    """Put a new version there every few seconds, and take the old one away."""
    version = 1
    while time.monotonic() + SWAP_SECONDS < end:
        time.sleep(SWAP_SECONDS)
        version += 1
        copy = shutil.copytree(source, folder / "being-copied")
        copy.rename(folder / str(version))
        shutil.rmtree(folder / str(version - 1))


def growth(samples: list[float]) -> tuple[float, float]:
    """Return MiB a minute, by least squares, and the growth from begin to end, in MiB."""
    kept = np.array(samples[int(len(samples) * WARM_UP) :])
    minutes = np.arange(len(kept)) * SAMPLE_SECONDS / 60
    slope = float(np.polyfit(minutes, kept, 1)[0]) if len(kept) > 1 else 0.0
    third = max(len(kept) // 3, 1)
    return slope, float(np.median(kept[-third:]) - np.median(kept[:third]))


def soak(seconds: float, work: Path) -> tuple[list[str], list[str]]:
    """Run; return the lines of a table, and what was wrong."""
    folders = {name: train.ensure(name, paths.models_dir()) / "saved_model" for name in ZOO}
    make_models(work)
    batched = work / BATCHED
    right = [one for name, folder in folders.items() for one in requests(name, folder)]
    versions = work / SWAPPED
    shutil.copytree(folders[SWAPPED], versions / "1")
    served = folders | {SWAPPED: versions}
    everything = [f"{name}={folder}" for name, folder in served.items()]
    start = time.monotonic()
    end = start + seconds
    with ExitStack() as stack:
        plain = stack.enter_context(
            Server.stele("plain", work / "plain.log", *everything, "--poll", "1")
        )
        batching = stack.enter_context(
            Server.stele("batching", work / "batching.log", batched, "--batch", "16")
        )
        loads = {
            plain: Load(plain, right, end),
            batching: Load(batching, list(requests(BATCHED, batched)), end),
        }
        threads = [thread for load in loads.values() for thread in load.threads]
        threads.append(threading.Thread(target=swap, args=(versions, folders[SWAPPED], end)))
        for thread in threads:
            thread.start()
        memory = _watch(loads, start, end)
        for thread in threads:
            thread.join(timeout=2 * SECONDS)
        problems = [f"{server.name} ended" for server in loads if not server.alive]
        problems += [f"{thread.name} still waits" for thread in threads if thread.is_alive()]
    return _report(loads, memory, problems)


def _watch(loads: dict[Server, Load], start: float, end: float) -> dict[Server, list[float]]:
    memory: dict[Server, list[float]] = {server: [] for server in loads}
    minute = 1
    while time.monotonic() < end:
        time.sleep(min(SAMPLE_SECONDS, max(end - time.monotonic(), 0)))
        for server, samples in memory.items():
            samples.append(server.resident() / 2**20)
        if time.monotonic() - start >= 60 * minute:
            counts = ", ".join(
                f"{server.name} {memory[server][-1]:.0f} MiB, {load.codes.total()} calls, "
                f"{len(load.wrong)} wrong"
                for server, load in loads.items()
            )
            print(f"minute {minute}: {counts}", flush=True)
            minute += 1
    return memory


def _report(
    loads: dict[Server, Load], memory: dict[Server, list[float]], problems: list[str]
) -> tuple[list[str], list[str]]:
    lines = [
        "| server | calls | answered | refused, late, or cancelled | wrong | `INTERNAL` "
        "| memory at the end | growth a minute |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for server, load in loads.items():
        slope, grown = growth(memory[server])
        calls, right, wrong = load.codes.total(), load.codes["OK"], len(load.wrong)
        print(server.name, dict(load.codes.most_common()), f"{grown:+.1f} MiB after the warm-up")
        lines.append(
            f"| {server.name} | {calls} | {right} | {calls - right - wrong} | {wrong} "
            f"| {load.codes['INTERNAL']} | {memory[server][-1]:.0f} MiB | {slope:+.2f} MiB |"
        )
        problems += load.wrong[:10]
        log = server.log.read_text(errors="replace")
        if "Traceback" in log:
            problems.append(f"{server.name} wrote a traceback:\n{log[-2000:]}")
        if grown > FLAT_MIB:
            problems.append(f"{server.name} grew by {grown:.0f} MiB")
    return lines, problems


def main() -> int:
    """Run for as long as asked, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--update", type=Path, help="a Markdown file with the marks")
    args = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with tempfile.TemporaryDirectory() as work:
        lines, problems = soak(args.minutes * 60, Path(work))
    where = machine()
    lines += [
        "",
        f"{args.minutes:g} minutes; {where['machine']}; TensorFlow {where['tensorflow']}, grpcio "
        f"{grpc.__version__}, Python {where['python']}; {where['date']}.",
    ]
    print("\n".join(lines))
    for problem in problems:
        print(problem, file=sys.stderr)
    if args.update is not None and not problems:
        marked.replace(args.update, MARK, "\n".join(lines))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
