"""What a call to ``stele serve`` costs, and what batching brings, on loopback.

    python python/bench/serve.py [--rounds N] [--update docs/serving.md]

All servers are up at once and take turns, so that whatever else the machine does
hits each of them; a figure is the median over the rounds of a round's median, a
ratio the median of the rounds' ratios. Answers are compared before they have a time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import grpc
import numpy as np
from wire import HERE, Caller, Server, caller, make_models

from stele import marked, paths
from stele.contract.dtypes import Array
from stele.parity.record import machine
from stele.server.options import Options
from stele.wire import messages, oip, tensor_proto
from stele.zoo import train

MARK = "serving figures"
NOOP = "no-op grpcio method"
CALLS = 200
CLIENTS = 8
BATCH_ROWS = 32
# The threads of a default `stele serve`.
THREADS = Options.workers + Options.queue + 8


@dataclass
class Row:
    """One kind of call to one server."""

    name: str
    server: Server
    call: Caller
    request: bytes
    medians: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def turn(self) -> None:
        """Make a round's calls, one after the other."""
        samples = []
        cpu = self.server.cpu_seconds()
        for _ in range(CALLS):
            start = time.perf_counter()
            self.call(self.request)
            samples.append(time.perf_counter() - start)
        self.cpu.append((self.server.cpu_seconds() - cpu) / CALLS)
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


# --- one call at a time ---------------------------------------------------------


def sequential(rounds: int, work: Path) -> list[str]:
    """Measure single calls; return the lines of the table."""
    folder = train.ensure("digits", paths.models_dir()) / "saved_model"
    image = {"image": (np.arange(64, dtype=np.float32) % 17).reshape(1, 8, 8, 1)}
    with ExitStack() as stack:

        def stele(profile: str) -> Server:
            arguments = (f"digits={folder}", "--profile", profile)
            return stack.enter_context(Server.stele(profile, work / profile, *arguments))

        def connect(server: Server, service: str, method: str) -> Caller:
            channel = stack.enter_context(grpc.insecure_channel(server.address))
            return caller(channel, service, method)

        default, inline = stele("default"), stele("inline")
        raw = infer("digits", image)
        answer = connect(default, messages.OPEN_INFERENCE, "ModelInfer")(raw)
        command = [sys.executable, HERE / "noop.py", str(len(answer)), str(THREADS)]
        noop = stack.enter_context(Server(NOOP, command, work / "noop"))
        rows = [
            Row(name, server, connect(server, service, method), request)
            for name, server, service, method, request in (
                (NOOP, noop, messages.OPEN_INFERENCE, "ModelInfer", raw),
                ("`ServerLive`", default, messages.OPEN_INFERENCE, "ServerLive", b""),
                ("`ModelInfer`", default, messages.OPEN_INFERENCE, "ModelInfer", raw),
                ("`ModelInfer`, `--profile inline`", inline, messages.OPEN_INFERENCE,
                 "ModelInfer", raw),
                ("`ModelInfer`, typed contents", default, messages.OPEN_INFERENCE, "ModelInfer",
                 infer("digits", image, raw=False)),
                ("`Predict`", default, messages.PREDICTION, "Predict", predict("digits", image)),
            )
        ]  # fmt: skip
        _require_equal(rows[2], rows[3])
        for number in range(rounds + 1):
            for row in rows:
                row.turn()
            if number == 0:
                # The first round warms up.
                for row in rows:
                    row.medians.clear()
                    row.cpu.clear()
            print(f"one at a time: round {number} of {rounds}", file=sys.stderr)
    return _table(rows)


def _require_equal(one: Row, other: Row) -> None:
    if one.call(one.request) != other.call(other.request):
        raise SystemExit(f"{one.name} and {other.name} answer differently")


def _table(rows: list[Row]) -> list[str]:
    lines = [
        "| one call at a time | a call | over the no-op | server CPU |",
        "|---|---:|---:|---:|",
    ]
    for row in rows:
        over = median(a / b for a, b in zip(row.medians, rows[0].medians, strict=True))
        # The kernel counts in ticks, too coarse for one round's median.
        cpu = sum(row.cpu) / len(row.cpu)
        lines.append(
            f"| {row.name} | {median(row.medians) * 1e6:.0f} µs | {over:.2f} × "
            f"| {cpu * 1e6:.0f} µs |"
        )
    return lines


# --- many at once ---------------------------------------------------------------


def concurrent(rounds: int, seconds: float, work: Path) -> list[str]:
    """Measure closed-loop clients with and without batches; return the table's lines."""
    make_models(work)
    folder = work / "heavy"
    request = infer("heavy", {"x": np.linspace(0, 1, 784, dtype=np.float32)[None]})
    batch = f"--batch {BATCH_ROWS}"
    kinds = {
        kind: tuple(kind.split()) for kind in ("", batch, f"{batch} --workers 1", "--workers 1")
    }
    rates: dict[str, list[float]] = {kind: [] for kind in kinds}
    cpu: dict[str, list[float]] = {kind: [] for kind in kinds}
    with ExitStack() as stack:
        servers = {
            kind: stack.enter_context(
                Server.stele(kind, work / f"log{kind}", f"heavy={folder}", *options)
            )
            for kind, options in kinds.items()
        }
        for number in range(rounds + 1):
            for kind, server in servers.items():
                before = server.cpu_seconds()
                calls, took = _closed_loop(server.address, request, seconds)
                if number:
                    rates[kind].append(calls / took)
                    cpu[kind].append((server.cpu_seconds() - before) / calls)
            print(f"{CLIENTS} at once: round {number} of {rounds}", file=sys.stderr)
    base = rates[""]
    lines = [
        f"| {CLIENTS} clients at once | calls a second | over the default | server CPU |",
        "|---|---:|---:|---:|",
    ]
    for kind, found in rates.items():
        over = median(a / b for a, b in zip(found, base, strict=True))
        lines.append(
            f"| {f'`{kind}`' if kind else 'default'} | {median(found):.0f} | {over:.2f} × "
            f"| {median(cpu[kind]) * 1e6:.0f} µs |"
        )
    return lines


def _closed_loop(address: str, request: bytes, seconds: float) -> tuple[int, float]:
    done = subprocess.run(
        [sys.executable, HERE / "closed_loop.py", address, str(CLIENTS), str(seconds)],
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
        lines = sequential(args.rounds, Path(work))
        lines += ["", *concurrent(max(args.rounds // 3, 1), args.seconds, Path(work))]
    where = machine()
    lines += [
        "",
        f"Above: `digits`, one image, {CALLS} calls a round. Below: a perceptron with 40 MB of "
        "weights, one row a call, clients in a process of their own. Loopback, "
        f"{args.rounds} rounds; {where['machine']}; TensorFlow {where['tensorflow']}, grpcio "
        f"{grpc.__version__}, Python {where['python']}; {where['date']}.",
    ]
    print("\n".join(lines))
    if args.update is not None:
        marked.replace(args.update, MARK, "\n".join(lines))


if __name__ == "__main__":
    main()
