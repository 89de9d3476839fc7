"""The figures of a run as rows of text, the same for a terminal, Markdown and a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from stele.bench.statistics import Estimate, difference, estimate, ranks, ratio
from stele.parity.record import Benchmark, Outcome, Record, Result, Startup, Unmeasured

# What a binding costs is told by what it takes more than C, which adds next to nothing
# to TensorFlow's own call.
BASELINE = "c"


@dataclass(frozen=True)
class Furthest:
    """How far a binding's answers are from the reference's.

    Attributes:
        ulp: The most among those that are near enough to be right.
        absolute: Likewise, in the outputs' own units.
        beyond: How many cases are further away, or not numbers: deviations that are known.
    """

    ulp: int = 0
    absolute: float = 0.0
    beyond: int = 0

    def __str__(self) -> str:
        near = f"{self.ulp} ULP, {self.absolute:.1e}"
        return f"{near}, but for {self.beyond}" if self.beyond else near


@dataclass(frozen=True)
class Figures:
    """What was measured of one binding, profile and case.

    Attributes:
        benchmark: Its turns.
        startup: Its starts; None where it broke off later.
        checked: Cases that the parity run compared, and how many had identical bits.
        furthest: How far these are off.
        call: Nanoseconds.
        rank: One, and how many are surely faster on the same case.
        over: Times the baseline's call; None without a baseline.
        more: Nanoseconds more than C's call with the same profile; None without C.
    """

    benchmark: Benchmark
    startup: Startup | None
    checked: tuple[int, int]
    call: Estimate
    rank: int
    furthest: Furthest = Furthest()
    over: Estimate | None = None
    more: Estimate | None = None


def figures(records: Iterable[Record], versus: str = BASELINE) -> list[Figures]:
    """Return the figures of all benchmarks, in their order, case by case.

    Args:
        records: Of one run.
        versus: The binding that others are compared with: with the same profile if it has
            figures for that, else with the default one.
    """
    records = list(records)
    results = [r for r in records if isinstance(r, Result) and r.identical is not None]
    startups = {(r.model, r.binding, r.profile): r for r in records if isinstance(r, Startup)}
    found: list[Figures] = []
    for group in _groups(r for r in records if isinstance(r, Benchmark)):
        calls = [estimate(benchmark.call_ns, benchmark.processes) for benchmark in group]
        for benchmark, call, rank in zip(group, calls, ranks(calls), strict=True):
            ours = [
                r for r in results if (r.model, r.binding) == (benchmark.model, benchmark.binding)
            ]
            base, c = _other(group, benchmark, versus), _other(group, benchmark, BASELINE)
            found.append(
                Figures(
                    benchmark,
                    startups.get((benchmark.model, benchmark.binding, benchmark.profile)),
                    (sum(r.identical is True for r in ours), len(ours)),
                    call,
                    rank,
                    _furthest(ours),
                    paired(ratio, benchmark, base) if base else None,
                    paired(difference, benchmark, c) if c else None,
                )
            )
    return found


def paired(
    op: Callable[[Sequence[float], Sequence[float], int], Estimate],
    mine: Benchmark,
    theirs: Benchmark,
) -> Estimate:
    """Return the ratio or the difference of two that took turns in the same rounds."""
    return op(mine.call_ns, theirs.call_ns, mine.processes)


def _groups(benchmarks: Iterable[Benchmark]) -> list[list[Benchmark]]:
    """Put those of one model and case together."""
    groups: dict[tuple[str, str], list[Benchmark]] = {}
    for benchmark in benchmarks:
        groups.setdefault((benchmark.model, benchmark.case), []).append(benchmark)
    return list(groups.values())


def _other(group: Sequence[Benchmark], mine: Benchmark, binding: str) -> Benchmark | None:
    theirs = {other.profile: other for other in group if other.binding == binding}
    return theirs.get(mine.profile) or theirs.get("default")


def _furthest(results: Sequence[Result]) -> Furthest:
    right = [result for result in results if result.outcome is Outcome.PASS]
    tensors = [tensor for result in right for tensor in result.tensors]
    return Furthest(
        max((int(tensor.get("ulp", 0)) for tensor in tensors), default=0),
        max((float(tensor.get("absolute", 0)) for tensor in tensors), default=0.0),
        len(results) - len(right),
    )


def rows(found: Sequence[Figures], versus: str = BASELINE) -> list[list[str]]:
    """Return a header and a row for each; columns that say nothing are left out."""
    accuracies = any(one.startup and one.startup.accuracy is not None for one in found)
    several = len({(one.benchmark.model, one.benchmark.case) for one in found}) > 1
    profiles = any(one.benchmark.profile != "default" for one in found)
    workers = list(dict.fromkeys(n for one in found for n in one.benchmark.throughput))
    columns = {
        "model": several,
        "case": several,
        "binding": True,
        "profile": profiles,
        "identical bits": True,
        "furthest": any(one.furthest != Furthest() for one in found),
        "accuracy": accuracies,
        "call": True,
        "rank": True,
        f"over {versus}": any(one.over for one in found),
        f"more than {BASELINE}": any(one.more for one in found),
        "cold start": True,
        "memory": True,
        "disk": True,
        "download": any(one.startup and one.startup.download_bytes for one in found),
        **{f"calls/s, {count} at once": True for count in workers},
    }
    shown = [name for name, wanted in columns.items() if wanted]
    table = [shown]
    for one in found:
        cells = _cells(one, versus)
        table.append([cells.get(name, "-") for name in shown])
    return table


def _cells(one: Figures, versus: str) -> dict[str, str]:
    benchmark, startup = one.benchmark, one.startup
    cells = {
        "model": benchmark.model,
        "case": benchmark.case,
        "binding": benchmark.binding,
        "profile": benchmark.profile,
        "identical bits": f"{one.checked[0]}/{one.checked[1]}",
        "call": duration(one.call),
        "rank": str(one.rank),
    }
    if one.furthest != Furthest():
        cells["furthest"] = str(one.furthest)
    if one.over is not None:
        cells[f"over {versus}"] = factor(one.over)
    if one.more is not None:
        cells[f"more than {BASELINE}"] = duration(one.more, signed=True)
    for count, rates in benchmark.throughput.items():
        cells[f"calls/s, {count} at once"] = number(estimate(rates))
    if startup is None:
        return cells
    cells["cold start"] = seconds(cold(startup))
    if startup.accuracy is not None:
        cells["accuracy"] = f"{startup.accuracy:.2%}"
    if startup.peak_bytes:
        cells["memory"] = f"{startup.peak_bytes / 2**20:.0f} MiB"
    if startup.disk_bytes:
        cells["disk"] = f"{startup.disk_bytes / 2**20:.0f} MiB"
    if startup.download_bytes:
        cells["download"] = f"{startup.download_bytes / 2**20:.1f} MiB"
    return cells


def phases(startups: Sequence[Startup], benchmarks: Sequence[Benchmark]) -> list[list[str]]:
    """Return a header and a row for each binding and profile: what comes before the calls."""
    warm: dict[tuple[str, str, str], Benchmark] = {}
    for done in benchmarks:
        warm.setdefault((done.model, done.binding, done.profile), done)
    table = [
        ["model", "binding", "profile", "process", "library", "model load", "first call", "warm-up"]
    ]
    for one in startups:
        first = warm.get((one.model, one.binding, one.profile))
        table.append(
            [
                one.model,
                one.binding,
                one.profile,
                *(
                    seconds(estimate(values)) if values else "-"
                    for values in (one.process_s, one.library_s, one.load_s, one.first_call_s)
                ),
                _warm_up(first) if first is not None else "-",
            ]
        )
    return table


def _warm_up(one: Benchmark) -> str:
    text = f"{one.warm_up_s:.1f} s, {one.warm_up_calls} calls"
    return text if one.steady else f"{text}, not steady"


def unmeasured(records: Iterable[Record]) -> list[str]:
    """Return a line for each binding without figures, with the reason."""
    lines = []
    for one in records:
        if isinstance(one, Unmeasured):
            reason = one.reason.splitlines()[0] if one.reason else "no reason given"
            lines.append(f"{one.model}, {one.binding}, profile {one.profile}: {reason}")
    return lines


def cold(startup: Startup) -> Estimate:
    """Return the seconds from process start to the first answer."""
    library = startup.library_s or (0.0,) * len(startup.process_s)
    parts = zip(startup.process_s, library, startup.load_s, startup.first_call_s, strict=True)
    return estimate([sum(start) for start in parts])


def duration(ns: Estimate, *, signed: bool = False) -> str:
    """Format nanoseconds as ``91.2 µs [90.8, 91.9]``."""
    size = max(abs(ns.value), abs(ns.low), abs(ns.high))
    unit, scale = ("ms", 1e-6) if size >= 1e6 else ("µs", 1e-3)
    return _interval(ns.scaled(scale), unit, signed=signed)


def seconds(s: Estimate) -> str:
    """Format seconds, without an interval where a few starts have none to speak of."""
    return f"{s.value:.2f} s" if s.value >= 0.1 else f"{s.value * 1000:.0f} ms"


def factor(times: Estimate) -> str:
    """Format a factor as ``1.02 × [1.01, 1.04]``."""
    return f"{times.value:.2f} × [{times.low:.2f}, {times.high:.2f}]"


def number(per_second: Estimate) -> str:
    """Format a rate as ``2017 [1990, 2031]``."""
    return f"{per_second.value:.0f} [{per_second.low:.0f}, {per_second.high:.0f}]"


def _interval(value: Estimate, unit: str, *, signed: bool) -> str:
    digits = 0 if max(abs(value.low), abs(value.high)) >= 1000 else 1
    plus = "+" if signed else ""
    middle, low, high = (
        f"{number:{plus}.{digits}f}" for number in (value.value, value.low, value.high)
    )
    return f"{middle} {unit} [{low}, {high}]"


def markdown(table: Sequence[Sequence[str]]) -> str:
    """Return a table with its header in the first row as Markdown; figures stand right."""
    header, *body = table
    words = {"model", "case", "binding", "profile"}
    rule = "".join("|---" if name in words else "|---:" for name in header) + "|"
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in body]
    return "\n".join(["| " + " | ".join(header) + " |", rule, *lines])
