"""What is decided about one case in one binding, and the file that keeps it all.

Every table, exit status and report is made from this one JSONL file.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import platform
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

from stele.contract.codes import Code, SteleError, from_os_error


class Outcome(StrEnum):
    """What the harness decided about one case in one binding."""

    PASS = "pass"  # noqa: S105
    DIFFERS = "differs"
    MISMATCH = "mismatch"
    WRONG_ERROR = "wrong-error"
    UNSUPPORTED = "unsupported"
    ERROR = "error"
    CRASH = "crash"
    TIMEOUT = "timeout"
    LIMIT = "limit"
    PROTOCOL = "protocol"
    NOT_ANSWERED = "not-answered"
    SETUP = "setup"
    NOT_RUN = "not-run"

    @property
    def grey(self) -> bool:
        """Whether it says nothing against the binding: not red, not green."""
        return self in _GREY


_GREY = frozenset(
    (
        Outcome.DIFFERS,
        Outcome.UNSUPPORTED,
        Outcome.NOT_ANSWERED,
        Outcome.SETUP,
        Outcome.NOT_RUN,
    )
)


@dataclass(frozen=True)
class Result:
    """One cell: a case in a binding.

    Attributes:
        model: Target's name.
        binding: Binding's id.
        case: Case's name.
        signature: That was run.
        outcome: The verdict.
        detail: In words, when it is not a plain pass.
        library_class: Label of the proven class; empty before a load.
        identical: Whether every bit of every output is the reference's; None when
            nothing was compared that has elements.
        tensors: Distances, one record for each output that was compared.
        seconds: From request to reply; no timing, a hint.
        retried: The crash that a second, lone try did not repeat.
        known: The reason, when a known deviation covers this.
        failure: Folder for ``stele replay``.
    """

    model: str
    binding: str
    case: str
    signature: str
    outcome: Outcome
    detail: str = ""
    library_class: str = ""
    identical: bool | None = None
    tensors: tuple[dict[str, Any], ...] = ()
    seconds: float | None = None
    retried: str = ""
    known: str = ""
    failure: str = ""

    @property
    def red(self) -> bool:
        """Whether this fails the run."""
        return self.outcome is not Outcome.PASS and not self.outcome.grey and not self.known

    def with_known(self, reason: str) -> Result:
        """Return it covered by a known deviation."""
        return replace(self, known=reason)

    def kept_in(self, folder: str) -> Result:
        """Return it with the folder that `stele replay` takes."""
        return replace(self, failure=folder)


@dataclass(frozen=True)
class WorkerInfo:
    """What a binding said and showed of itself, with one model loaded."""

    model: str
    binding: str
    language: str
    tensorflow: str
    library_class: str
    libraries: tuple[tuple[str, str], ...]
    flags: tuple[tuple[str, str], ...]
    hello_seconds: float
    load_seconds: float


@dataclass(frozen=True)
class Link:
    """A link of the chain of custody, judged over all cases of a model."""

    model: str
    link: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True)
class Coverage:
    """How many cases of a signature the reference answered, with elements.

    Attributes:
        model: Target's name.
        signature: The signature.
        answered: Cases with an answer.
        cases: Cases in all.
        detail: What the reference said of the first one, when it answered none.
        remedy: What its user can do about that.
    """

    model: str
    signature: str
    answered: int
    cases: int
    detail: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Startup:
    """What the first answer of a binding costs; present only if that was right.

    Attributes:
        model: Target's name.
        binding: Binding's id.
        profile: What the model was loaded with.
        library_class: Label of the proven class.
        process_s: From process start until TensorFlow's library is being loaded (or the
            worker's hello), in seconds; each list has an element for each start.
        library_s: From then until hello; no element where it cannot be told apart.
        load_s: The model's load.
        first_call_s: The first answer.
        peak_bytes: Most memory that its processes had resident, by the end of all turns.
        disk_bytes: Its files with all dependencies.
        download_bytes: What a page's visitor downloads of its runtime, compressed; None where
            it runs in no page.
        accuracy: Share of labelled held-out rows that it gets right.
    """

    model: str
    binding: str
    profile: str
    library_class: str
    process_s: tuple[float, ...]
    library_s: tuple[float, ...]
    load_s: tuple[float, ...]
    first_call_s: tuple[float, ...]
    peak_bytes: int | None = None
    disk_bytes: int | None = None
    download_bytes: int | None = None
    accuracy: float | None = None


@dataclass(frozen=True)
class Fuzzed:
    """What was drawn for a signature; the same seed draws the same.

    Attributes:
        model: Target's name.
        signature: The signature.
        seed: Of the first examples; those of the next round have the next seed.
        examples: How many were run, those of shrinking among them.
        answered: How many the reference answered, with elements.
        seconds: How long that took.
    """

    model: str
    signature: str
    seed: int
    examples: int
    answered: int
    seconds: float


@dataclass(frozen=True)
class Benchmark:
    """The calls of a binding on one case; present only if its answers were right.

    Attributes:
        model: Target's name.
        binding: Binding's id.
        profile: What the model was loaded with.
        case: Case's name.
        batch: The leading dimension that was asked for; None for the case's own.
        library_class: Label of the proven class.
        identical: Whether every bit of the answer is the reference's.
        call_ns: For each round, the median of its calls. All bindings of a run take
            their turns in the same rounds.
        calls: Timed calls in all.
        warm_up_s: Until the median was steady, in the process that took longest.
        warm_up_calls: How many calls that took.
        steady: Whether it became steady in every process.
        throughput: By number of workers that call at once: calls per second of all of
            them together, for each turn.
        processes: How many the rounds are shared among, one after the other, as many each.
    """

    model: str
    binding: str
    profile: str
    case: str
    batch: int | None
    library_class: str
    identical: bool
    call_ns: tuple[float, ...]
    calls: int
    warm_up_s: float
    warm_up_calls: int
    steady: bool
    throughput: dict[str, list[float]] = field(default_factory=dict)
    processes: int = 1


@dataclass(frozen=True)
class Unmeasured:
    """A binding that has no figures with this model and profile, and why."""

    model: str
    binding: str
    profile: str
    reason: str


@dataclass(frozen=True)
class Soaked:
    """What many runs, or many loads, made of a binding's memory and of its time.

    Attributes:
        model: Target's name.
        binding: Binding's id.
        case: Case's name.
        over: ``runs`` of one load, or ``loads`` (each loads, runs once and unloads).
        count: Of those, as many in each turn; what came before, as a warm-up, is not counted.
        memory_bytes: What its processes had resident after each turn.
        ns: The median duration of a run, or the duration of a load, in each turn.
        growth: Bytes by which each run or load has the memory grow: the value, and the least and
            the most with a confidence of at least 95 %.
        leaks: Whether the least is more than is put up with.
    """

    model: str
    binding: str
    case: str
    over: str
    count: int
    memory_bytes: tuple[int, ...]
    ns: tuple[float, ...]
    growth: tuple[float, float, float]
    leaks: bool


@dataclass(frozen=True)
class Trial:
    """A setting that `stele tune` tried alone; what it is worth is for the race to say.

    Attributes:
        model: Target's name.
        binding: Binding's id.
        setting: Its name; the `Benchmark` of a race has it as its profile.
        config: A profile, or ``hex:<ConfigProto>``.
        environment: Variables that were set for it.
        frozen: The name of the folder with constants for variables that it ran; empty for
            the model as it is.
        identical: Of ``cases``, those with every bit of the first setting's answer.
        cases: That were compared.
        ulp: The largest distance from the first setting's answers; None where it has no meaning.
        absolute: The same as an absolute difference.
        call_ns: Medians of a few turns; none with a reason.
        reason: Why it is out; empty when it is not.
    """

    model: str
    binding: str
    setting: str
    config: str
    environment: dict[str, str]
    frozen: str
    identical: int
    cases: int
    ulp: int | None
    absolute: float | None
    call_ns: tuple[float, ...]
    reason: str


@dataclass(frozen=True)
class Advice:
    """The fastest setting that is surely faster than the first one that was tried.

    Attributes:
        model: Target's name.
        kind: ``identical`` where every bit stays, ``tolerance`` where not all have to.
        binding: Binding's id.
        setting: Its name.
        times: How many times as fast as the first one.
        low: The least that is, with a confidence of at least 95 %.
        high: The most.
    """

    model: str
    kind: str
    binding: str
    setting: str
    times: float
    low: float
    high: float


@dataclass(frozen=True)
class Upgrade:
    """One case with another TensorFlow, held against its answer with the base.

    Attributes:
        model: Target's name.
        binding: Whose worker ran it with both.
        base: The version of the TensorFlow that it is held against.
        tensorflow: The version that it ran with.
        case: Case's name; ``load`` stands for all where the model is not loaded.
        outcome: Whether it is within the tolerances.
        detail: In words, when it is not.
        identical: Whether every bit is the base's; None when nothing was compared.
        tensors: Distances, one record for each output that was compared.
    """

    model: str
    binding: str
    base: str
    tensorflow: str
    case: str
    outcome: Outcome
    detail: str = ""
    identical: bool | None = None
    tensors: tuple[dict[str, Any], ...] = ()

    @property
    def red(self) -> bool:
        """Whether predictions are others."""
        return self.outcome is not Outcome.PASS and not self.outcome.grey


Record = (
    Result
    | WorkerInfo
    | Link
    | Coverage
    | Fuzzed
    | Startup
    | Benchmark
    | Unmeasured
    | Soaked
    | Trial
    | Advice
    | Upgrade
)

_Kind = TypeVar("_Kind", bound=Record)

_TYPES: dict[str, type[Record]] = {
    "result": Result,
    "worker": WorkerInfo,
    "link": Link,
    "coverage": Coverage,
    "fuzzed": Fuzzed,
    "startup": Startup,
    "benchmark": Benchmark,
    "unmeasured": Unmeasured,
    "soaked": Soaked,
    "trial": Trial,
    "advice": Advice,
    "upgrade": Upgrade,
}


@dataclass
class Journal:
    """Appends records to a JSONL file the moment they are known.

    A run that is broken off leaves everything that was decided before.

    Raises:
        SteleError: The file cannot be written, when it is begun or at any record (a full
            disk); the code is the system error's.
    """

    file: Path
    echo: bool = False
    records: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        with self._writing():
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.file.write_text("")

    def begin(self, command: list[str]) -> None:
        """Write the first line: what was asked, where, with which versions, when."""
        self._write({"type": "run", "command": command, **machine()})

    def add(self, record: Record) -> None:
        """Append one record."""
        kind = next(kind for kind, cls in _TYPES.items() if type(record) is cls)
        with self._lock:
            self.records.append(record)
            self._write({"type": kind, **asdict(record)})

    def end(self, status: int) -> None:
        """Write the last line: the exit status."""
        self._write({"type": "end", "exit": status})

    def _write(self, value: dict[str, Any]) -> None:
        line = json.dumps(value, ensure_ascii=False, allow_nan=False)
        with self._writing(), self.file.open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")
        if self.echo:
            print(line, flush=True)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            refusal = from_os_error(OSError(error.errno, error.strerror, str(self.file)))
            raise refusal from error

    def of(self, kind: type[_Kind]) -> list[_Kind]:
        """Return the records of one kind so far."""
        return [record for record in self.records if isinstance(record, kind)]


# On CPUs with one of these TensorFlow turns oneDNN on by itself (IsMKLEnabled in
# tensorflow/core/util/util.cc).
_ONEDNN_FLAGS = frozenset(
    ("avx512_vnni", "avx512_bf16", "avx_vnni", "amx_tile", "amx_int8", "amx_bf16")
)

# What the kernels of TensorFlow, Eigen and oneDNN choose their code by.
_VECTOR_FLAGS = _ONEDNN_FLAGS | {
    "sse4_1", "sse4_2", "avx", "avx2", "f16c", "fma", "avx512f", "avx512bw", "avx512cd",
    "avx512dq", "avx512vl", "avx512vbmi", "avx512_fp16",
}  # fmt: skip


def machine() -> dict[str, Any]:
    """Say where and when a run was made, for figures that are shown to people."""
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}, {_cpu()}, {os.cpu_count()} cores",
        "cpu_flags": sorted(_cpu_flags() & _VECTOR_FLAGS),
        "onednn": onednn(),
        "python": platform.python_version(),
        "tensorflow": _version("tensorflow-cpu") or _version("tensorflow"),
        "keras": _version("keras"),
        "stele": _version("tf-stele"),
    }


def onednn() -> str:
    """Say whether TensorFlow uses oneDNN here: it decides what is refused, and bits."""
    chosen = os.environ.get("TF_ENABLE_ONEDNN_OPTS")
    if chosen is not None:
        state = "off" if chosen.lower() in ("0", "false") else "on"
        return f"{state} (TF_ENABLE_ONEDNN_OPTS={chosen})"
    state = "on" if _cpu_flags() & _ONEDNN_FLAGS else "off"
    return f"{state} (TensorFlow's choice on this CPU)"


def _cpu() -> str:
    return _cpu_field("model name") or platform.processor() or "unknown CPU"


def _cpu_flags() -> set[str]:
    return set(_cpu_field("flags").split())


def _cpu_field(name: str) -> str:
    """Return a field of the first CPU; empty off Linux."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.partition(":")[0].strip() == name:
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return ""


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def read(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (type, values) of every line of a journal.

    Raises:
        SteleError: NOT_FOUND or DATA_LOSS.
    """
    try:
        with file.open(encoding="utf-8") as stream:
            for line in stream:
                values = json.loads(line)
                yield values.pop("type"), values
    except FileNotFoundError as error:
        raise SteleError(Code.NOT_FOUND, f'no results at "{file}"') from error
    except (ValueError, KeyError, AttributeError) as error:
        raise SteleError(Code.DATA_LOSS, f'"{file}" is no results file: {error}') from error


def load(file: Path) -> tuple[dict[str, Any], list[Record]]:
    """Return a journal's first line, and its records.

    Raises:
        SteleError: NOT_FOUND, or DATA_LOSS for what is no journal of this version.
    """
    header: dict[str, Any] = {}
    records: list[Record] = []
    for kind, values in read(file):
        if kind == "run":
            header = values
        elif kind in _TYPES:
            frozen: dict[str, Any] = {
                k: tuple(v) if isinstance(v, list) else v for k, v in values.items()
            }
            try:
                record = _TYPES[kind](**frozen)
            except TypeError as error:
                raise SteleError(
                    Code.DATA_LOSS, f'"{file}" is of another version: {error}'
                ) from error
            if isinstance(record, Result | Upgrade):
                record = replace(record, outcome=Outcome(record.outcome))
            records.append(record)
    return header, records
