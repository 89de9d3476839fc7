"""What a call to ``stele serve`` costs, and what batching brings, on loopback.

    python python/bench/serve.py [--rounds N] [--update docs/serving.md]

All servers are up at once and take turns, so that whatever else the machine does
hits each of them; a figure is the median over the rounds of a round's median, a
ratio or difference that of the rounds' own. Answers are compared before they have a
time.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Literal

import grpc
import numpy as np
import stele_native
from wire import HERE, Caller, Server, caller, make_models

import stele
from stele import marked, paths
from stele.bench import statistics, table
from stele.contract.dtypes import Array
from stele.parity.record import machine
from stele.server.options import MEBIBYTE, Options
from stele.wire import messages, oip, tensor_proto
from stele.zoo import train

MARK = "serving figures"
TONIC = "no-op method of tonic"
GRPCIO = "no-op method of grpcio"
BARE = "the model in process"
INLINE = "--profile inline"
EXAMPLE = "the example in C, to its end"
CALLS = 200
CLIENTS = 8
MANY = 64
BATCH_ROWS = 32
# Made by bindings/rust/Makefile.
NATIVE = paths.build_dir() / "rust/release/stele-serve"
NOOP = paths.build_dir() / "rust/noop/release"
# The threads of a default `stele serve`.
THREADS = Options.workers + Options.queue + 8


@dataclass
class Row:
    """One kind of call to one server."""

    name: str
    cpu_seconds: Callable[[], float]
    call: Caller
    request: bytes
    pause: float = 0.0
    medians: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def turn(self) -> None:
        """Make a round's calls, one after the other, with a pause before each."""
        samples = []
        cpu = self.cpu_seconds()
        for _ in range(CALLS):
            if self.pause:
                time.sleep(self.pause)
            start = time.perf_counter()
            self.call(self.request)
            samples.append(time.perf_counter() - start)
        self.cpu.append((self.cpu_seconds() - cpu) / CALLS)
        self.medians.append(median(samples))


def infer(model: str, inputs: dict[str, Array], *, raw: bool = True) -> bytes:
    """Return the bytes of a ModelInfer."""
    request = messages.ModelInferRequest(model_name=model)
    oip.put_inputs(request, inputs, raw=raw)
    return bytes(request.SerializeToString())


def predict(model: str, inputs: dict[str, Array]) -> bytes:
    """Return the bytes of a Predict."""
    request = messages.PredictRequest(model_spec={"name": model})
    for name, array in inputs.items():
        tensor_proto.put_content(request.inputs[name], array)
    return bytes(request.SerializeToString())


# --- start ------------------------------------------------------------------------


def starts(rounds: int, work: Path) -> list[str]:
    """Measure from nothing to ready; return the lines of the table."""
    folder, _ = _digits()
    served = ("--port", "0", "--json", "--stop-with-stdin", f"digits={folder}")
    commands = {
        "`stele-serve`": [NATIVE, *served],
        "`stele serve`": [sys.executable, "-m", "stele.cli", "serve", *served],
    }
    took: dict[str, list[float]] = {name: [] for name in (EXAMPLE, *commands)}
    memory = dict.fromkeys(commands, 0)
    for number in range(rounds + 1):
        found = {EXAMPLE: _seconds_of([paths.build_dir() / "c/digits", folder])}
        for name, command in commands.items():
            start = time.perf_counter()
            with Server(name, command, work / "start") as server:
                found[name] = time.perf_counter() - start
                memory[name] = server.resident()
        # The first round reads from disk.
        if number:
            for name, seconds in found.items():
                took[name].append(seconds)
    print(f"starts: {rounds} rounds", file=sys.stderr)
    own = {
        "`stele-serve`": NATIVE.stat().st_size,
        "`stele serve`": _size_of(stele) + _size_of(stele_native),
    }
    lines = ["| start | seconds | memory when ready | its own files |", "|---|---:|---:|---:|"]
    for name, seconds in took.items():
        rest = (
            f"{memory[name] / MEBIBYTE:.0f} MiB | {own[name] / MEBIBYTE:.1f} MiB"
            if name in own
            else " | "
        )
        lines.append(f"| {name} | {median(seconds):.2f} | {rest} |")
    return lines


def _seconds_of(command: list[Path]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def _size_of(package: ModuleType) -> int:
    """Return the bytes of a package's files."""
    files = Path(str(package.__file__)).parent.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())


# --- one call at a time ---------------------------------------------------------


def sequential(rounds: int, work: Path) -> list[str]:
    """Measure single calls; return the lines of the table."""
    folder, image = _digits()
    with ExitStack() as stack:

        def serve(profile: str) -> Server:
            arguments = (f"digits={folder}", "--profile", profile)
            return stack.enter_context(Server.stele(profile, work / profile, *arguments))

        def connect(server: Server, service: str, method: str) -> Caller:
            channel = stack.enter_context(grpc.insecure_channel(server.address))
            return caller(channel, service, method)

        default, inline = serve("default"), serve("inline")
        raw = infer("digits", image)
        answer = connect(default, messages.OPEN_INFERENCE, "ModelInfer")(raw)
        tonic, grpcio = (stack.enter_context(server) for server in noops(len(answer), work))

        def row(
            name: str, server: Server, request: bytes, method: str = "ModelInfer",
            service: str = messages.OPEN_INFERENCE,
        ) -> Row:  # fmt: skip
            return Row(name, server.cpu_seconds, connect(server, service, method), request)

        wire = row(TONIC, tonic, raw)
        at_once = _in_process(BARE, folder, image, "default")
        # A core that has waited for the network has other things in its caches.
        paced = [
            _in_process(f"{BARE}, at a server's pace", folder, image, "default"),
            _in_process(f"the same, `{INLINE}`", folder, image, "inline"),
        ]
        others = [row(GRPCIO, grpcio, raw), row("`ServerLive`", default, b"", "ServerLive")]
        runs = [
            row("`ModelInfer`", default, raw),
            row(f"`ModelInfer`, `{INLINE}`", inline, raw),
            row("`ModelInfer`, typed contents", default, infer("digits", image, raw=False)),
            row("`Predict`", default, predict("digits", image), "Predict", messages.PREDICTION),
        ]
        parts = [at_once, *paced, wire, *others]
        _require_equal(runs[0], runs[1])
        for number in range(rounds + 1):
            # In another order each time: who comes after whom is in nobody's favour.
            for row in random.sample((*parts, *runs), len(parts) + len(runs)):
                row.turn()
            if number == 0:
                # The first round warms up.
                for row in paced:
                    row.pause = median(wire.medians)
                for row in (*parts, *runs):
                    row.medians.clear()
                    row.cpu.clear()
            print(f"one at a time: round {number} of {rounds}", file=sys.stderr)
    lines = [
        "| one call at a time | a call | over both of them | server CPU |",
        "|---|---:|---:|---:|",
    ]
    lines += [_line(row) for row in parts]
    # What runs the model pays for both the model and the wire.
    return lines + [_line(row, paced[INLINE in row.name], wire) for row in runs]


def _digits() -> tuple[Path, dict[str, Array]]:
    image = (np.arange(64, dtype=np.float32) % 17).reshape(1, 8, 8, 1)
    return train.ensure("digits", paths.models_dir()) / "saved_model", {"image": image}


def noops(size: int, work: Path) -> tuple[Server, Server]:
    """Start a server of tonic and one of grpcio that answer so many bytes."""
    tonic = Server(TONIC, [NOOP / "stele-noop", str(size)], work / "tonic")
    command = [sys.executable, HERE / "noop.py", str(size), str(THREADS)]
    return tonic, Server(GRPCIO, command, work / "grpcio")


def _in_process(
    name: str, folder: Path, inputs: dict[str, Array], profile: Literal["default", "inline"]
) -> Row:
    """Return the call without a server: what a server adds is beside it."""
    model = stele_native.Model(folder, profile=profile)

    def call(_request: bytes) -> bytes:
        return bytes(next(iter(model(**inputs).values())).tobytes())

    return Row(name, time.process_time, call, b"")


def _require_equal(one: Row, other: Row) -> None:
    if one.call(one.request) != other.call(other.request):
        raise SystemExit(f"{one.name} and {other.name} answer differently")


def _line(row: Row, *parts: Row) -> str:
    """Return a row's line, with what it takes over its parts together if there are any."""
    over = ""
    if parts:
        together = [sum(each) for each in zip(*(part.medians for part in parts), strict=True)]
        more = statistics.difference(row.medians, together)
        over = table.duration(more.scaled(1e9), signed=True)
    # The kernel counts in ticks, too coarse for one round's median.
    cpu = sum(row.cpu) / len(row.cpu)
    return f"| {row.name} | {median(row.medians) * 1e6:.0f} µs | {over} | {cpu * 1e6:.0f} µs |"


# --- many at once ---------------------------------------------------------------


def small(rounds: int, seconds: float, work: Path) -> list[str]:
    """Measure many clients of a small model; return the table's lines."""
    folder, image = _digits()
    request = infer("digits", image)
    kinds = ("", INLINE, f"{INLINE} --batch {BATCH_ROWS}")
    with ExitStack() as stack:
        servers = _serving(stack, f"digits={folder}", kinds, work)
        with grpc.insecure_channel(servers["default"].address) as channel:
            answer = caller(channel, messages.OPEN_INFERENCE, "ModelInfer")(request)
        for server in noops(len(answer), work):
            servers[server.name] = stack.enter_context(server)
        return closed_loop(servers, request, MANY, rounds, seconds)


def large(rounds: int, seconds: float, work: Path) -> list[str]:
    """Measure clients of a large model, with and without batches; return the table's lines."""
    make_models(work)
    request = infer("heavy", {"x": np.linspace(0, 1, 784, dtype=np.float32)[None]})
    batch = f"--batch {BATCH_ROWS}"
    kinds = ("", batch, f"{batch} --workers 1", "--workers 1")
    with ExitStack() as stack:
        servers = _serving(stack, f"heavy={work / 'heavy'}", kinds, work)
        return closed_loop(servers, request, CLIENTS, rounds, seconds)


def _serving(stack: ExitStack, model: str, kinds: Sequence[str], work: Path) -> dict[str, Server]:
    """Start a server of a model for each kind of options, by what a table calls them."""
    return {
        f"`{options}`" if options else "default": stack.enter_context(
            Server.stele(options, work / f"log{options}", model, *options.split())
        )
        for options in kinds
    }


def closed_loop(
    servers: dict[str, Server], request: bytes, clients: int, rounds: int, seconds: float
) -> list[str]:
    """Let clients ask each server in turn; ratios are to the one called default."""
    rates: dict[str, list[float]] = {name: [] for name in servers}
    cpu: dict[str, list[float]] = {name: [] for name in servers}
    for number in range(rounds + 1):
        for name, server in servers.items():
            before = server.cpu_seconds()
            calls, took = _load(server.address, request, clients, seconds)
            # The first round warms up.
            if number:
                rates[name].append(calls / took)
                cpu[name].append((server.cpu_seconds() - before) / calls)
        print(f"{clients} at once: round {number} of {rounds}", file=sys.stderr)
    lines = [
        f"| {clients} clients at once | calls a second | over the default | server CPU |",
        "|---|---:|---:|---:|",
    ]
    for name, found in rates.items():
        over = median(a / b for a, b in zip(found, rates["default"], strict=True))
        lines.append(
            f"| {name} | {median(found):.0f} | {over:.2f} × | {median(cpu[name]) * 1e6:.0f} µs |"
        )
    return lines


def _load(address: str, request: bytes, clients: int, seconds: float) -> tuple[int, float]:
    done = subprocess.run(
        [NOOP / "stele-load", address, str(clients), str(seconds)],
        input=request,
        stdout=subprocess.PIPE,
        check=True,
    )
    printed = json.loads(done.stdout)
    return printed["calls"], printed["seconds"]


def main() -> None:
    """Measure and print, and write the tables into a document if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15, help="turns of each server")
    parser.add_argument("--seconds", type=float, default=3.0, help="of a turn with many clients")
    parser.add_argument("--update", type=Path, help="a Markdown file with the marks")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        lines = starts(args.rounds, Path(work))
        lines += ["", *sequential(args.rounds, Path(work))]
        for measure in (small, large):
            lines += ["", *measure(max(args.rounds // 3, 1), args.seconds, Path(work))]
    where = machine()
    lines += [
        "",
        f"`digits`, one image, {CALLS} calls a round where they come one by one; a server's "
        "pace is a pause before each run as long as tonic's no-op takes; last, a "
        "perceptron with 40 MB of weights, one row a call. Many clients are one process of "
        "tonic's. Loopback, "
        f"{args.rounds} rounds; {where['machine']}; TensorFlow {where['tensorflow']}, grpcio "
        f"{grpc.__version__}, Python {where['python']}; {where['date']}.",
    ]
    print("\n".join(lines))
    if args.update is not None:
        marked.replace(args.update, MARK, "\n".join(lines))


if __name__ == "__main__":
    main()
