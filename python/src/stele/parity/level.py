"""The conformance levels that a new worker climbs."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from stele import paths, savedmodel
from stele.contract.bundle import RawTensor, read_raw_bundle
from stele.contract.codes import SteleError
from stele.contract.signature import DEFAULT_SIGNATURE, Signature
from stele.contract.worker import describe
from stele.parity import bad_input, golden, judge, plan
from stele.parity import case as cases
from stele.parity.binding import Binding, SetupError
from stele.parity.case import Case, Target
from stele.parity.claim import claim_free
from stele.parity.conversation import Answer, Conversation, LoadRefusedError
from stele.parity.process import WorkerError
from stele.parity.record import Journal, Outcome, Result
from stele.parity.report import foreign
from stele.parity.run import Run

HIGHEST = 5

_NAMES = {
    1: "hello, bye, noise, unknown verbs",
    2: "load and run one FP32 model",
    3: "every dtype except BYTES, ranks 0 to 6, empty tensors",
    4: "BYTES, and the bad-input table",
    5: "describe, bench, unload",
}

_BENCH_RUNS = 5
# So many calls that reading the inputs is little beside them, and how far the sum of
# the calls may yet be from the whole: units are a thousand apart.
_BENCH_SECONDS = 0.3
_BENCH_MOST_RUNS = 1 << 20
_BENCH_SLACK = 10


def climb(binding: Binding, highest: int, console: Console, *, as_json: bool = False) -> int:
    """Climb level by level and stop at the first that is not reached.

    Returns:
        0 when ``highest`` was reached, 1 when not, 3 when it could not be tried.
    """
    for number in range(1, highest + 1):
        try:
            problems = list(Ladder(binding).problems(number))
        except SetupError as error:
            console.print(f"[yellow]setup[/] {binding.id}: {foreign(str(error))}")
            return 3
        if as_json:
            record = {"binding": binding.id, "level": number, "problems": problems}
            print(json.dumps(record, ensure_ascii=False), flush=True)
        mark = "[red]not reached[/]" if problems else "[green]ok[/]"
        console.print(f"level {number} {mark} {_NAMES[number]}")
        for problem in problems[:10]:
            console.print(f"  {foreign(problem)}", soft_wrap=True)
        if len(problems) > 10:
            console.print(f"  … and {len(problems) - 10} more")
        if problems:
            return 1
    return 0


@dataclass
class Ladder:
    """The tests of each level, for one binding."""

    binding: Binding

    def __post_init__(self) -> None:
        self._folder = claim_free(paths.build_dir() / "level" / self.binding.id) / "level"
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)

    def problems(self, level: int) -> Iterator[str]:
        """Yield what keeps the binding from this level, given those below.

        Raises:
            SetupError: The binding cannot run on this machine.
            SteleError: A zoo model is not trained yet.
        """
        self.binding.require()
        yield from self.transcripts(level)
        checks: dict[int, Callable[[], Iterator[str]]] = {
            2: lambda: self._cases("digits"),
            3: lambda: self._cases("dtypes", strings=False),
            4: self._strings_and_refusals,
            5: self.describe_and_bench,
        }
        if level in checks:
            yield from checks[level]()

    def _conversation(self) -> Conversation:
        return Conversation(self.binding, self._folder / "worker")

    def _digits(self) -> tuple[Target, Case]:
        target = cases.find("digits")
        return target, cases.collect(
            target, self._folder / "inputs" / "digits", signature=DEFAULT_SIGNATURE
        )[0]

    def transcripts(self, level: int) -> Iterator[str]:
        """Yield what went wrong in the golden transcripts of a level, each on a fresh worker."""
        for file, words in self._scenes(level).items():
            problem = golden.play(self._conversation(), file, words)
            if problem:
                yield problem

    def transcripts_in_turn(self, *levels: int) -> Iterator[str]:
        """Yield what went wrong first in the golden transcripts of levels, all on one worker."""
        scenes = {file: words for level in levels for file, words in self._scenes(level).items()}
        problem = golden.play_in_turn(self._conversation(), scenes)
        if problem:
            yield problem

    def _scenes(self, level: int) -> dict[Path, dict[str, str]]:
        """Return the golden transcripts of a level, each with the words to play it with."""
        words = {}
        if level > 1:
            target, case = self._digits()
            words = {"model": str(target.folder), "in": str(case.inputs)}
        return {
            file: words
            | {"out": str(self._folder / file.stem), "file": str(self._folder / f"{file.stem}.tsv")}
            for file in golden.transcripts(level)
        }

    def _cases(
        self, model: str, *, strings: bool | None = None, bad: bool = False
    ) -> Iterator[str]:
        """Yield a line for each cell of a parity run that is not a pass.

        Args:
            model: Of the zoo.
            strings: Only signatures that take BYTES, or only those that do not.
            bad: Whether the bad-input table belongs to it.
        """
        target = cases.find(model)
        signatures = savedmodel.load_signatures(target.folder, target.tags)
        wanted = [
            case
            for case in cases.collect(target, self._folder / "inputs" / model)
            if strings in (None, _takes_strings(signatures[case.signature]))
        ]
        journal = Journal(self._folder / f"{model}.jsonl")
        with Run(self._folder / model, journal) as run:
            run.check(plan.make(target, wanted, self._folder / model, bad=bad), [self.binding])
        for result in journal.of(Result):
            if result.outcome is not Outcome.PASS:
                yield f"{model} {result.case}: {result.outcome}: {result.detail}"

    def _strings_and_refusals(self) -> Iterator[str]:
        yield from self._cases("langid", bad=True)
        yield from self._cases("dtypes", strings=True, bad=True)
        yield from self._cases("digits", bad=True)
        yield from self.requests()

    def requests(self) -> Iterator[str]:
        """Yield what is wrong with the answers to requests that no model could make right."""
        return self._with_digits(self._requests)

    def _requests(self, conversation: Conversation, target: Target, case: Case) -> Iterator[str]:
        expected = conversation.run(case).outputs or {}
        for row in bad_input.request_rows(target, case, self._folder / "requests"):
            verdict = judge.against_refusal(conversation.send(row.line), row.refusal)
            # Verbs of a later level may be unsupported.
            if verdict.outcome not in (Outcome.PASS, Outcome.UNSUPPORTED):
                yield f"{row.name}: {verdict.outcome}: {verdict.detail}"
            after = judge.against_outputs(conversation.run(case), expected, same_class=True)
            if after.outcome is not Outcome.PASS:
                yield f"{row.name}: the next run: {after.outcome}: {after.detail}"

    def describe_and_bench(self) -> Iterator[str]:
        """Yield what is wrong with the optional verbs."""
        return self._with_digits(self.optional_verbs)

    def optional_verbs(
        self, conversation: Conversation, target: Target, case: Case
    ) -> Iterator[str]:
        """Yield what is wrong with ``describe`` and ``bench`` of the model that is loaded."""
        yield from self._describe(conversation, target)
        yield from self.bench(conversation, case)

    def _with_digits(
        self, play: Callable[[Conversation, Target, Case], Iterator[str]]
    ) -> Iterator[str]:
        """Yield the problems that ``play`` finds in a worker with digits loaded, and its own."""
        target, case = self._digits()
        conversation = self._conversation()
        try:
            conversation.open(target)
            yield from play(conversation, target, case)
            conversation.close()
        except (WorkerError, LoadRefusedError) as error:
            yield str(error)
        finally:
            conversation.stop()

    def _describe(self, conversation: Conversation, target: Target) -> Iterator[str]:
        file = self._folder / "describe.tsv"
        conversation.request("describe", str(file), timeout=conversation.timeouts.run)
        expected = describe(savedmodel.load_signatures(target.folder, target.tags))
        got = file.read_bytes() if file.exists() else b""
        if got != expected:
            yield f"describe wrote {got!r}, expected {expected!r}"

    def bench(self, conversation: Conversation, case: Case) -> Iterator[str]:
        """Yield what is wrong with ``bench``: answer, samples, their unit, the warm-up.

        The request's own wall time is the witness. It holds the calls, and for many calls
        little else: samples in another unit, or a warm-up left out, are far from it.
        """
        expected = conversation.run(case).outputs or {}
        runs, wall, total = _BENCH_RUNS, 0.0, 0.0
        while wall < _BENCH_SECONDS and runs <= _BENCH_MOST_RUNS:
            wall, problem = self._bench_once(conversation, case, expected, warmup=0, runs=runs)
            if problem:
                yield problem
                return
            total = float(np.fromfile(self._samples, dtype="<u8").sum()) / 1e9
            timed, runs = runs, runs * _more(wall)
        if not wall / _BENCH_SLACK <= total <= wall:
            yield (
                f"bench wrote samples of {total:.3g} s in all for {timed} calls that took "
                f"{wall:.3g} s: nanoseconds are due"
            )
            return
        wall, problem = self._bench_once(conversation, case, expected, warmup=timed, runs=1)
        if not problem and wall < total / _BENCH_SLACK:
            problem = f"bench took {wall:.3g} s with a warm-up of {timed} calls of {total:.3g} s"
        if problem:
            yield problem

    @property
    def _samples(self) -> Path:
        return self._folder / "samples"

    def _bench_once(
        self,
        conversation: Conversation,
        case: Case,
        expected: dict[str, RawTensor],
        *,
        warmup: int,
        runs: int,
    ) -> tuple[float, str]:
        """Return how many seconds the request took, and what is wrong with its results."""
        out = self._folder / "bench-out"
        self._samples.unlink(missing_ok=True)
        shutil.rmtree(out, ignore_errors=True)
        reply = conversation.request(
            "bench", case.signature, str(case.inputs), str(out), str(warmup), str(runs),
            str(self._samples), timeout=conversation.timeouts.run,
        )  # fmt: skip
        if reply.status != "ok":
            return reply.seconds, f"bench answered {reply.status}: {reply.message}"
        return reply.seconds, bench_problem(self._samples, runs, out, expected)


def _more(wall: float) -> int:
    """Return how many times as many calls to make as those that took so long.

    No more than are long enough: the warm-up is measured by as many once again.
    """
    return min(8, max(2, math.ceil(1.2 * _BENCH_SECONDS / wall)))


def _takes_strings(signature: Signature) -> bool:
    return any(spec.dtype == "BYTES" for spec in signature.inputs)


def bench_problem(samples: Path, runs: int, out: Path, expected: dict[str, RawTensor]) -> str:
    """Say what is wrong with a ``bench``: its samples, or its last answer."""
    try:
        data, outputs = samples.read_bytes(), read_raw_bundle(out)
    except (OSError, SteleError) as error:
        return f"bench: {error}"
    if len(data) != 8 * runs:
        return f"bench wrote {len(data)} bytes of samples, expected {8 * runs}"
    if not np.frombuffer(data, dtype="<u8").all():
        return "bench wrote a sample of 0 ns"
    verdict = judge.against_outputs(Answer(outputs=outputs), expected, same_class=True)
    return "" if verdict.outcome is Outcome.PASS else f"bench: {verdict.detail}"
