"""A binding with a model loaded, kept talking through crashes and hangs."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from stele.contract.bundle import RawTensor, read_raw_bundle
from stele.contract.codes import Code, SteleError, from_os_error
from stele.contract.lines import format_line
from stele.contract.worker import PROTOCOL
from stele.parity import library
from stele.parity.binding import Binding, SetupError
from stele.parity.case import Case, Target
from stele.parity.library import LibraryClass
from stele.parity.limits import Limits
from stele.parity.process import ProtocolError, Reply, WorkerError, WorkerProcess
from stele.parity.record import Outcome, WorkerInfo

# A worker that has broken off this often with one model gets no further case.
_BREAKS_ALLOWED = 5

_Got = TypeVar("_Got")


@dataclass(frozen=True)
class Timeouts:
    """Seconds that a worker has for each phase; generous, for shared machines.

    Inputs that nobody asked for have a short one, ``generated``: an edge value may
    drive a loop for ever.
    """

    hello: float = 180
    load: float = 300
    run: float = 120
    generated: float = 10


@dataclass(frozen=True)
class Answer:
    """What a binding made of one request.

    Attributes:
        outcome: None while only the harness's judgement is missing; the verdict
            where there is nothing to judge (crash, timeout, protocol, …).
        code: The canonical code of an ``error``.
        message: Of an ``error`` or ``unsupported``.
        outputs: Tensors by name, of an ``ok``; raw, for most are the reference's to the bit.
        seconds: From request to reply.
        detail: Why there is a verdict already.
        retried: The crash that a second try did not repeat.
    """

    outcome: Outcome | None = None
    code: Code | None = None
    message: str = ""
    outputs: dict[str, RawTensor] | None = None
    seconds: float | None = None
    detail: str = ""
    retried: str = ""


class LoadRefusedError(Exception):
    """The worker is well and does not load this model."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.message or answer.detail)
        self.answer = answer


class AbandonedError(Exception):
    """The whole run has been broken off; no verdict on anything."""


@dataclass
class Conversation:
    """Talks to one binding's worker, and starts it anew when it breaks off.

    Attributes:
        binding: Whose worker.
        folder: For its log and its outputs.
        config: What to load models with.
        timeouts: For each phase.
        environment: Variables for its worker, beside those of every worker.
        limits: Of each worker.
        started: When the last worker was started, on the monotonic clock.
    """

    binding: Binding
    folder: Path
    config: str = "default"
    timeouts: Timeouts = field(default_factory=Timeouts)
    environment: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    library_class: LibraryClass = field(default_factory=LibraryClass)
    hello: dict[str, str] = field(default_factory=dict)
    started: float = 0.0
    _process: WorkerProcess | None = None
    _target: Target | None = None
    _breaks: int = 0
    _hello_seconds: float = 0.0
    _abandoned: bool = False

    @property
    def log(self) -> Path:
        """The file with the worker's stderr and the noise on its stdout."""
        return self.folder / "worker.log"

    @property
    def pid(self) -> int | None:
        """The running worker's process id; None while there is none."""
        process = self._process
        return process.pid if process is not None else None

    @cached_property
    def _outputs_folder(self) -> Path:
        return self.folder / "outputs"

    def start(self) -> None:
        """Start the worker and greet it; nothing to do when it runs.

        Raises:
            SetupError: The binding cannot run on this machine.
            WorkerError: It broke off, or is no worker of this protocol.
            SteleError: Its folder cannot be written.
        """
        if self._process is not None:
            return
        if self._abandoned:
            raise AbandonedError
        self.binding.require()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise from_os_error(error) from error
        try:
            environment = {**self.binding.environment(), **self.environment}
            self._process = WorkerProcess(self.binding.run, self.log, environment, self.limits)
        except OSError as error:
            raise SetupError(f"cannot start {self.binding.run[0]}: {error.strerror}") from error
        self.started = self._process.started
        if self._abandoned:  # meanwhile
            self.stop()
            raise AbandonedError
        try:
            reply = self._process.request("hello", PROTOCOL, timeout=self.timeouts.hello)
            if reply.status != "ok":
                raise ProtocolError(f"hello answered {reply.status}: {reply.message}")
            self.hello = reply.values
            self._hello_seconds = reply.seconds
            for key, expected in (("protocol", PROTOCOL), ("binding", self.binding.id)):
                if self.hello.get(key) != expected:
                    raise ProtocolError(
                        f"hello says {key}={self.hello.get(key)}, expected {expected}"
                    )
        except WorkerError:
            self.stop()
            raise

    def open(self, target: Target) -> WorkerInfo:
        """Load a model, in the running worker if there is one.

        Raises:
            SetupError: The binding cannot run on this machine.
            WorkerError: It broke off.
            LoadRefusedError: It answered with an error, or ``unsupported``.
        """
        self._breaks = 0
        self._target = target
        return self._load()

    def try_open(self, target: Target) -> WorkerInfo | Answer:
        """Load a model, or say why that cannot be."""
        try:
            return self.open(target)
        except SetupError as error:
            return Answer(Outcome.SETUP, detail=str(error))
        except LoadRefusedError as error:
            return error.answer
        except WorkerError as error:
            return Answer(Outcome(error.outcome), detail=str(error))

    def _load(self) -> WorkerInfo:
        target = self._target
        assert target is not None  # noqa: S101  (open() comes first)
        self.start()
        reply = self._request_load(target.folder, target.tags, self.config)
        if reply.status != "ok":
            raise LoadRefusedError(_refusal(reply))
        assert self._process is not None  # noqa: S101  (start() made it)
        self.library_class = library.of_worker(
            self._process.pid, self.config, self.binding.execution
        )
        return WorkerInfo(
            model=target.name,
            binding=self.binding.id,
            language=self.hello.get("language", ""),
            tensorflow=self.hello.get("tensorflow", ""),
            library_class=self.library_class.label,
            libraries=self.library_class.libraries,
            flags=self.library_class.flags,
            hello_seconds=self._hello_seconds,
            load_seconds=reply.seconds,
        )

    def _request_load(self, folder: Path, tags: tuple[str, ...], config: str) -> Reply:
        return self.request("load", str(folder), ",".join(tags), config, timeout=self.timeouts.load)

    def request(self, verb: str, *arguments: str, timeout: float) -> Reply:
        """Send any request; a worker that breaks off is gone afterwards.

        Raises:
            WorkerError: It broke off.
        """
        self._post(verb, *arguments, timeout=timeout)
        return self._reply()

    def _post(self, verb: str, *arguments: str, timeout: float) -> None:
        self.start()
        assert self._process is not None  # noqa: S101  (start() made it)
        self._process.post(format_line(verb, *arguments), timeout=timeout)

    def _reply(self) -> Reply:
        assert self._process is not None  # noqa: S101  (_post() comes first)
        try:
            return self._process.reply()
        except WorkerError as error:
            self.stop()
            if self._abandoned:  # it did not break off by itself
                raise AbandonedError from error
            raise

    def send(self, line: str) -> Answer:
        """Send a request as it stands, one that ought to be refused."""

        def attempt() -> Answer:
            assert self._process is not None  # noqa: S101  (_guarded loads a model)
            try:
                reply = self._process.send(line, timeout=self.timeouts.load)
            except WorkerError:
                self.stop()
                raise
            if reply.status != "ok":
                return _refusal(reply)
            return Answer(outputs={}, seconds=reply.seconds)

        return self._guarded(attempt)

    def reload(self) -> Answer | None:
        """Load the model anew, with its variables as they were saved; say why it did not load."""

        def attempt() -> Answer:
            self._load()
            return Answer(outputs={})

        answer = self._guarded(attempt)
        return None if answer.outputs is not None else answer

    def run(self, case: Case, patience: float = 1, *, retry: bool = True) -> Answer:
        """Run a case; a crash is tried once more, alone in a fresh worker.

        Args:
            case: To run.
            patience: How many times the limit of a generated case it has.
            retry: Whether to try once more: a new worker has none of the state that
                earlier runs left.
        """
        answer = self.ask(case, patience)()
        if answer.outcome is not Outcome.CRASH or not retry:
            return answer
        again = self.ask(case, patience)()
        if again.outcome is None:
            return Answer(
                code=again.code,
                message=again.message,
                outputs=again.outputs,
                seconds=again.seconds,
                retried=answer.detail,
            )
        return again

    def ask(self, case: Case, patience: float = 1) -> Callable[[], Answer]:
        """Send a case, and return what waits for the answer; its clock runs from now on.

        In between the worker takes no other request, and others can be asked.

        Args:
            case: To run, once.
            patience: How many times the limit of a generated case it has.
        """
        seconds = self.timeouts.run
        if case.generated:
            seconds = min(seconds, patience * self.timeouts.generated)
        broken_off = self._guarded(lambda: self._post_run(case, seconds))
        return lambda: self._guarded(self._answer) if broken_off is None else broken_off

    def try_load(self, folder: Path, tags: tuple[str, ...], config: str) -> Answer:
        """Load something that ought to be refused; if it is not, restore the model."""

        def attempt() -> Answer:
            reply = self._request_load(folder, tags, config)
            if reply.status != "ok":
                return _refusal(reply)
            self._load()
            return Answer(outputs={}, seconds=reply.seconds)

        return self._guarded(attempt)

    def _guarded(self, attempt: Callable[[], _Got]) -> _Got | Answer:
        """Make an attempt with the model loaded; turn breaking off into an answer."""
        if self._breaks >= _BREAKS_ALLOWED:
            return Answer(Outcome.NOT_RUN, detail=f"the worker broke off {self._breaks} times")
        try:
            if self._process is None:
                self._load()
            return attempt()
        except WorkerError as error:
            self._breaks += 1
            return Answer(Outcome(error.outcome), detail=str(error))
        except LoadRefusedError as error:
            self._breaks += 1
            return Answer(Outcome.ERROR, detail=f"load, after a restart: {error}")
        except SetupError as error:
            return Answer(Outcome.SETUP, detail=str(error))

    def _post_run(self, case: Case, seconds: float) -> None:
        clear(self._outputs_folder)
        self._post(
            "run", case.signature, str(case.inputs), str(self._outputs_folder), timeout=seconds
        )

    def _answer(self) -> Answer:
        reply = self._reply()
        if reply.status != "ok":
            return _refusal(reply)
        try:
            return Answer(outputs=read_raw_bundle(self._outputs_folder), seconds=reply.seconds)
        except SteleError as error:
            return Answer(Outcome.PROTOCOL, detail=f"output bundle: {error.message}")

    def peak_memory(self) -> int | None:
        """Return the worker's peak resident memory in bytes; None where unknown."""
        return self._process.peak_memory() if self._process is not None else None

    def resident_memory(self) -> int | None:
        """Return the worker's resident memory now in bytes; None where unknown."""
        return self._process.resident_memory() if self._process is not None else None

    def await_exit(self) -> None:
        """See that the worker ends, after a request that was ``bye``.

        Raises:
            WorkerError: It did not end as the protocol asks.
        """
        if self._process is not None:
            try:
                self._process.await_exit()
            finally:
                self.stop()

    def release(self) -> None:
        """Let go of the model; a worker that cannot is ended, and started anew when needed.

        Raises:
            WorkerError: It broke off over that.
        """
        if self._process is None:
            return
        if self.request("unload", timeout=self.timeouts.load).status != "ok":
            self.close()

    def close(self) -> None:
        """Say ``bye``, and see that the worker ends.

        Raises:
            WorkerError: It did not end as the protocol asks.
        """
        if self._process is not None:
            try:
                self._process.bye()
            finally:
                self.stop()

    def abandon(self) -> None:
        """End the worker from another thread: a request under way, and any later, fails.

        The run has been broken off, and nobody waits for the rest of its clocks.
        """
        self._abandoned = True
        if (process := self._process) is not None:
            process.kill()

    def stop(self) -> None:
        """End the worker now."""
        if self._process is not None:
            self._process.stop()
            self._process = None


def clear(folder: Path) -> None:
    """Remove what is in a folder that has what is read once; there need be no folder.

    The folder stays: to make and remove one waits for the disk, for longer than most models
    take. A file that goes soon has never been there.

    Raises:
        SteleError: It cannot be removed.
    """
    try:
        with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry)
                else:
                    os.unlink(entry)  # noqa: PTH108  (a Path takes longer than that)
    except OSError as error:
        raise from_os_error(error) from error


def _refusal(reply: Reply) -> Answer:
    if reply.status == "unsupported":
        return Answer(Outcome.UNSUPPORTED, detail=reply.message, seconds=reply.seconds)
    if reply.code not in Code.__members__:
        return Answer(Outcome.PROTOCOL, detail=f'"{reply.code}" is no canonical code')
    return Answer(code=Code[reply.code], message=reply.message, seconds=reply.seconds)
