"""Every way to call one model, in one run: what this folder promises, measured.

    python bench.py [--rounds N] [--update README.md]

All workers are up at once and take turns, so that whatever else the machine does
hits each of them; a figure is the median over the rounds of a round's median, and a
ratio is the median over the rounds of the round's ratio. Every answer is compared
with C's, bit for bit, before it has a time.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from stele import marked, paths
from stele.contract.bundle import read_bundle, write_bundle
from stele.parity.binding import SetupError, discover
from stele.parity.process import Reply, WorkerProcess
from stele.parity.record import machine

HERE = Path(__file__).parent
SIGNATURE = "serving_default"
TIMEOUT = 600.0

# Binding, profile, calls in a round: `predict` takes a thousand times longer. The
# first is what the others are compared with.
CONTENDERS = (
    ("c", "inline", 1000),
    ("rust", "inline", 1000),
    ("python-native", "inline", 1000),
    ("rust-tensorflow", "inline", 1000),
    ("c", "single", 1000),
    ("rust", "single", 1000),
    ("python-native", "single", 1000),
    ("c", "default", 1000),
    ("rust", "default", 1000),
    ("python-native", "default", 1000),
    ("python-session", "default", 200),
    ("python-tf", "default", 200),
)


@dataclass
class Contender:
    """A worker with its model loaded."""

    name: str
    profile: str
    runs: int
    worker: WorkerProcess
    cold_seconds: float
    peak_bytes: int
    medians: list[float] = field(default_factory=list)

    @property
    def microseconds(self) -> float:
        """The median over the rounds of a round's median."""
        return statistics.median(self.medians)

    def over(self, other: Contender) -> float:
        """Return the median over the rounds of this one's time over the other's."""
        return statistics.median(
            mine / theirs for mine, theirs in zip(self.medians, other.medians, strict=True)
        )


def ok(reply: Reply) -> Reply:
    """Return a reply that must be ``ok``."""
    if reply.status != "ok":
        raise SystemExit(f"a worker answered {reply.status} {reply.code} {reply.message}")
    return reply


def start(name: str, profile: str, runs: int, model: Path, work: Path) -> Contender | str:
    """Start a worker and make its first prediction; say why if it cannot be."""
    try:
        binding = discover()[name]
        binding.require()
    except (KeyError, SetupError) as error:
        return str(error).splitlines()[0]
    folder = work / f"{name}-{profile}"
    folder.mkdir()
    began = time.monotonic()
    worker = WorkerProcess(binding.run, folder / "stderr", binding.environment())
    ok(worker.request("hello", "1", timeout=TIMEOUT))
    ok(worker.request("load", str(model), "serve", profile, timeout=TIMEOUT))
    ok(worker.request("run", SIGNATURE, str(work / "in"), str(folder / "out"), timeout=TIMEOUT))
    cold = time.monotonic() - began
    return Contender(name, profile, runs, worker, cold, worker.peak_memory() or 0)


def measure(contender: Contender, work: Path, expected: bytes | None) -> bytes:
    """Let a worker have its turn; return its answer."""
    folder = work / f"{contender.name}-{contender.profile}"
    out, samples = folder / "out", folder / "samples"
    warm = max(contender.runs // 10, 1)
    counts = (str(warm), str(contender.runs))
    arguments = (SIGNATURE, str(work / "in"), str(out), *counts, str(samples))
    ok(contender.worker.request("bench", *arguments, timeout=TIMEOUT))
    (answer,) = (array.tobytes() for array in read_bundle(out).values())
    if expected not in (None, answer):
        raise SystemExit(f"{contender.name} has another answer than {CONTENDERS[0][0]}")
    contender.medians.append(float(np.median(np.fromfile(samples, "<u8"))) / 1000)
    return answer


def calls(rounds: int, work: Path) -> list[str]:
    """Measure all contenders and return the lines of the table."""
    model = paths.models_dir() / "digits" / "saved_model"
    image = (np.arange(64, dtype=np.float32) % 17).reshape(1, 8, 8, 1)
    write_bundle(work / "in", {"image": image})
    with contextlib.ExitStack() as stack:
        there: list[Contender] = []
        absent = []
        for name, profile, runs in CONTENDERS:
            contender = start(name, profile, runs, model, work)
            if isinstance(contender, str):
                absent.append(f"| `{name}` | {profile} | not measured: {contender} | | | | |")
                continue
            stack.enter_context(contender.worker)
            there.append(contender)
        expected: bytes | None = None
        for number in range(rounds):
            for contender in there:
                expected = measure(contender, work, expected)
            print(f"round {number + 1} of {rounds}", file=sys.stderr)
    baseline = {one.profile: one for one in reversed(there) if one.name == CONTENDERS[0][0]}
    lines = [
        "| binding | profile | a call | over C | more than C | first answer | peak memory |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for one in there:
        c = baseline[one.profile]
        lines.append(
            f"| `{one.name}` | {one.profile} | {one.microseconds:.1f} µs | {one.over(c):.2f} × "
            f"| {one.microseconds - c.microseconds:+.1f} µs | {one.cold_seconds:.2f} s "
            f"| {one.peak_bytes / 2**20:.0f} MiB |"
        )
    return lines + absent


def python(program: str) -> list[str]:
    """Run a program of this folder and return its lines."""
    command = [sys.executable, str(HERE / program), str(paths.build_dir())]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return done.stdout.decode().splitlines()


def main() -> None:
    """Measure and print, and write the table into a README if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="turns of each worker")
    parser.add_argument("--update", type=Path, help="a Markdown file with the two marks")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        lines = calls(args.rounds, Path(work))
    where = machine()
    lines += [
        "",
        f"`digits`, batch 1, {args.rounds} rounds; {where['machine']}; TensorFlow "
        f"{where['tensorflow']}, Python {where['python']}; {where['date']}.",
        "",
        *python("predict.py"),
        "",
        *python("threads.py"),
    ]
    print("\n".join(lines))
    if args.update is not None:
        marked.replace(args.update, "bench", "\n".join(lines))


if __name__ == "__main__":
    main()
