"""Plays protocol 1 to one worker, and keeps it for many tests."""

from __future__ import annotations

import shutil
from functools import cached_property
from pathlib import Path

import pytest

from stele.contract.bundle import RawTensor, read_raw_bundle, write_raw_bundle
from stele.contract.dtypes import BY_NAME
from stele.parity import bad_input
from stele.parity import case as cases
from stele.parity.bad_input import LoadRow, RequestRow
from stele.parity.binding import Binding
from stele.parity.case import Case, Target
from stele.parity.conversation import Conversation, LoadRefusedError
from stele.parity.process import Reply

SECONDS = 120.0


def tensor(dtype: str, shape: tuple[int, ...], data: bytes) -> RawTensor:
    return RawTensor(BY_NAME[dtype], shape, data)


def framed(*strings: bytes) -> bytes:
    """The bytes of a BYTES tensor."""
    return b"".join(len(s).to_bytes(4, "little") + s for s in strings)


class Player:
    """A worker's process, and what was loaded into it last.

    Args:
        binding: Whose worker.
        models: Where the odd models are.
        folder: For bundles, outputs and the log.
    """

    def __init__(self, binding: Binding, models: Path, folder: Path) -> None:
        self.binding = binding
        self.models = models
        self.folder = folder
        self.out = folder / "out"
        self.conversation = Conversation(binding, folder / "worker")
        self._loaded: tuple[Target, str] | None = None

    def start(self) -> None:
        self.conversation.start()

    def close(self) -> None:
        self.conversation.close()

    @cached_property
    def has_tensorflow(self) -> bool:
        """Whether TensorFlow is mapped by the worker, or by the server that it started."""
        self.digits()
        return self.conversation.library_class.proven

    @property
    def runs_sessions(self) -> bool:
        """Whether TensorFlow runs every SavedModel for it, as the C API would."""
        return self.binding.execution == "session" and self.has_tensorflow

    # --- requests ---------------------------------------------------------------

    def ask(self, verb: str, *arguments: object) -> Reply:
        return self.conversation.request(verb, *map(str, arguments), timeout=SECONDS)

    def ok(self, verb: str, *arguments: object) -> Reply:
        reply = self.ask(verb, *arguments)
        assert reply.status == "ok", reply
        return reply

    def refused(self, code: str, verb: str, *arguments: object) -> str:
        """Send a request that is refused; return the message."""
        reply = self.ask(verb, *arguments)
        assert (reply.status, reply.code) == ("error", code), reply
        return reply.message

    # --- models -----------------------------------------------------------------

    def load(self, model: str, tags: tuple[str, ...] = ("serve",), config: str = "default") -> None:
        """Load an odd model.

        A binding of functions may be without it; one that converts models has deviations
        of its own, which the parity run knows.
        """
        if not self.has_tensorflow:
            pytest.skip("it converts models")
        self.open(Target(model, self.models / model, tags), config)

    def open(self, target: Target, config: str = "default") -> None:
        if self._loaded == (target, config):
            return
        self._loaded = None
        self.conversation.config = config
        try:
            self.conversation.open(target)
        except LoadRefusedError as error:
            if self.runs_sessions:
                raise
            pytest.skip(f"{target.name}: {error.answer.detail or error.answer.message}")
        self._loaded = (target, config)

    def unload(self) -> None:
        self._loaded = None
        self.ok("unload")

    # --- runs -------------------------------------------------------------------

    def bundle(self, **tensors: RawTensor) -> Path:
        return self.named_bundle(tensors)

    def named_bundle(self, tensors: dict[str, RawTensor]) -> Path:
        folder = self.folder / "in"
        shutil.rmtree(folder, ignore_errors=True)
        write_raw_bundle(folder, tensors)
        return folder

    def index(self, text: bytes) -> Path:
        """A bundle with these lines, and a 0.bin of four bytes."""
        folder = self.named_bundle({"x": tensor("FP32", (), bytes(4))})
        (folder / "tensors.tsv").write_bytes(text)
        return folder

    def run(self, signature: str, **tensors: RawTensor) -> dict[str, RawTensor]:
        return self.run_bundle(signature, self.named_bundle(tensors))

    def run_bundle(self, signature: str, bundle: Path) -> dict[str, RawTensor]:
        shutil.rmtree(self.out, ignore_errors=True)
        self.ok("run", signature, bundle, self.out)
        return read_raw_bundle(self.out)

    def refused_run(self, signature: str, bundle: Path, code: str = "INVALID_ARGUMENT") -> str:
        """Run what is refused; return the message."""
        return self.refused(code, "run", signature, bundle, self.out)

    # --- the table of refusals ----------------------------------------------------

    def digits(self) -> Case:
        """Load the zoo's digits, which every binding can; return a valid case."""
        target, case = self._digits
        self.open(target)
        return case

    @property
    def digits_target(self) -> Target:
        return self._digits[0]

    @cached_property
    def _digits(self) -> tuple[Target, Case]:
        target = cases.find("digits")
        case, *_ = cases.collect(target, self.folder / "digits", signature="serving_default")
        return target, case

    @cached_property
    def request_rows(self) -> dict[str, RequestRow]:
        rows = bad_input.request_rows(*self._digits, self.folder / "requests")
        return {row.name: row for row in rows}

    @cached_property
    def load_rows(self) -> dict[str, LoadRow]:
        rows = bad_input.load_rows(self._digits[0], self.folder / "loads")
        return {row.name: row for row in rows}

    @cached_property
    def run_rows(self) -> dict[str, Case]:
        """Rows made from a signature that has occasion for all of them; its model is dtypes."""
        inputs = {
            "a": tensor("FP32", (1, 2), bytes(8)),
            "b": tensor("BOOL", (1,), b"\1"),
            "c": tensor("BYTES", (2,), framed(b"c", b"")),
        }
        base = Case("base", "mixed", self.folder / "mixed")
        write_raw_bundle(base.inputs, inputs)
        target = Target("dtypes", self.models / "dtypes")
        rows = bad_input.run_rows(target, base, self.folder / "runs")
        return {row.name.removeprefix("bad/"): row for row in rows}
