"""The worker kit for Python: protocol 1 around anything that runs a SavedModel.

A binding written in Python gives `serve` a `Runner`; this module does the lines,
the bundles, the clock and the errors. It never imports TensorFlow.
"""

from __future__ import annotations

import errno
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import numpy as np

from stele.contract import config, dtypes
from stele.contract.bundle import Tensors, read_tensors, write_bundle
from stele.contract.codes import Code, SteleError, from_os_error
from stele.contract.dtypes import Array
from stele.contract.lines import format_line, nul_in, unescape
from stele.contract.signature import Signature, TensorSpec, parse_tags

PROTOCOL = "1"
PREFIX = "@stele1"
_LARGEST = 2**63 - 1  # a number of the protocol


class Unsupported(Exception):  # noqa: N818  (a status of the protocol, not a fault)
    """What this binding cannot do at all."""


class Model(Protocol):
    """A loaded model."""

    @property
    def signatures(self) -> Mapping[str, Signature]:
        """Signatures by name."""

    def prepare(self, signature: str, inputs: Tensors) -> Callable[[], Mapping[str, Array]]:
        """Check the inputs and return one call, from numpy arrays to numpy arrays.

        Raises:
            SteleError: The inputs do not fit.
        """

    def close(self) -> None:
        """Release the model."""


class Runner(Protocol):
    """One way to run a SavedModel from Python."""

    binding: str
    language: str

    @property
    def tensorflow(self) -> str:
        """Version of the TensorFlow library in use."""

    def load(self, folder: Path, tags: frozenset[str], config: bytes) -> Model:
        """Load a SavedModel; ``config`` is a serialized ConfigProto, empty for none.

        Raises:
            SteleError: It cannot be loaded.
            Unsupported: This binding cannot apply the config.
        """


class _Worker:
    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._model: Model | None = None
        self._verbs: dict[str, tuple[int, Callable[..., list[str]]]] = {
            "hello": (1, self._hello),
            "load": (3, self._load),
            "run": (3, self._run),
            "describe": (1, self._describe),
            "bench": (6, self._bench),
            "unload": (0, self._unload),
            "bye": (0, self._unload),
        }

    def answer(self, verb: str, arguments: list[str]) -> list[str]:
        """Carry out one request and return the fields of its reply."""
        if verb not in self._verbs:
            return ["unsupported", f"verb {verb}"]
        arity, method = self._verbs[verb]
        for argument in arguments[:arity]:
            if "\0" in argument:
                return ["error", Code.INVALID_ARGUMENT.name, nul_in(argument)]
        if len(arguments) < arity:
            few = f"{verb} takes {arity} arguments, {len(arguments)} given"
            return ["error", Code.INVALID_ARGUMENT.name, few]
        try:
            return ["ok", *method(*arguments[:arity])]
        except Unsupported as error:
            return ["unsupported", str(error)]
        except SteleError as error:
            refusal = error
        except OSError as error:
            refusal = from_os_error(error)
        except Exception as error:  # a worker outlives every request
            traceback.print_exc()
            refusal = SteleError(Code.INTERNAL, f"{type(error).__name__}: {error}")
        return ["error", refusal.code.name, refusal.message]

    def _hello(self, protocol: str) -> list[str]:
        if protocol != PROTOCOL:
            raise Unsupported(f"protocol {protocol}")
        fields = {
            "protocol": PROTOCOL,
            "binding": self._runner.binding,
            "language": self._runner.language,
            "tensorflow": self._runner.tensorflow,
            "verbs": ",".join(self._verbs),
            "dtypes": ",".join(dtypes.BY_NAME),
        }
        return [f"{key}={value}" for key, value in fields.items()]

    def _load(self, folder: str, tags: str, config_text: str) -> list[str]:
        model = self._runner.load(
            Path(folder.removeprefix("file://")), parse_tags(tags), config.parse(config_text)
        )
        self._unload()
        self._model = model
        return []

    def _loaded(self) -> Model:
        if self._model is None:
            raise SteleError(Code.FAILED_PRECONDITION, "no model is loaded")
        return self._model

    def _run(self, signature: str, source: str, target: str) -> list[str]:
        call = self._loaded().prepare(signature, read_tensors(Path(source)))
        _write(Path(target), call())
        return []

    def _bench(
        self, signature: str, source: str, target: str, warmup: str, runs: str, samples: str
    ) -> list[str]:
        counts = [int(text) for text in (warmup, runs) if text.isascii() and text.isdigit()]
        if len(counts) != 2 or counts[1] == 0 or max(counts) > _LARGEST:
            raise SteleError(Code.INVALID_ARGUMENT, f'bad counts "{warmup}" and "{runs}"')
        if 8 * counts[1] > sys.maxsize:
            raise SteleError(Code.RESOURCE_EXHAUSTED, f"no memory for {counts[1]} samples")
        call = self._loaded().prepare(signature, read_tensors(Path(source)))
        for _ in range(counts[0]):
            call()
        elapsed: list[int] = []  # numpy between two calls would make the next one slower
        outputs: Mapping[str, Array] = {}
        for _ in range(counts[1]):
            start = time.perf_counter_ns()
            outputs = call()
            elapsed.append(time.perf_counter_ns() - start)
        _write(Path(target), outputs)
        _write_file(Path(samples), np.array(elapsed, dtype="<u8").tobytes())
        return []

    def _describe(self, file: str) -> list[str]:
        _write_file(Path(file), describe(self._loaded().signatures))
        return []

    def _unload(self) -> list[str]:
        if self._model is not None:
            self._model.close()
            self._model = None
        return []


def _write_file(file: Path, data: bytes) -> None:
    try:
        file.write_bytes(data)
    except OSError as error:
        error.filename = file  # what fails after it was opened names none
        raise


def _write(folder: Path, outputs: Mapping[str, Array]) -> None:
    """Write a bundle to a folder that is there, or whose parent is."""
    try:
        folder.mkdir()
    except FileExistsError:
        if not folder.is_dir():
            raise NotADirectoryError(
                errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder)
            ) from None
    write_bundle(folder, outputs)


def describe(signatures: Mapping[str, Signature]) -> bytes:
    """Return what ``describe`` writes: a sorted line for each input and output."""
    lines = [
        format_line(signature.name, kind, spec.name, spec.dtype, _describe_shape(spec)).encode()
        for signature in signatures.values()
        for kind, specs in (("input", signature.inputs), ("output", signature.outputs))
        for spec in specs
    ]
    return b"".join(line + b"\n" for line in sorted(lines))


def _describe_shape(spec: TensorSpec) -> str:
    if spec.shape is None:
        return "?"
    return ",".join("-1" if dim is None else str(dim) for dim in spec.shape)


def _utf8(field: str) -> str:
    """Refuse a field with bytes that are no text.

    Raises:
        ValueError: There are such bytes.
    """
    if not field.isascii() and any("\udc80" <= char <= "\udcff" for char in field):
        raise ValueError("a field is not UTF-8")
    return field


def serve(runner: Runner) -> int:
    """Answer requests on stdin until ``bye`` or the end of input; return the exit status."""
    worker = _Worker(runner)
    # Bytes, not text: only "\n" ends a line, and a stray byte must not end the worker.
    for raw in sys.stdin.buffer:
        line = raw.decode(errors="surrogateescape").removesuffix("\n")
        if not line:
            continue
        request, *fields = line.split("\t")
        try:
            verb, *arguments = [unescape(_utf8(field)) for field in fields]
            reply = worker.answer(verb, arguments)
        except ValueError as error:
            verb, reply = "", ["error", Code.INVALID_ARGUMENT.name, f"malformed request: {error}"]
        text = "\n" + format_line(PREFIX, request, *reply) + "\n"
        sys.stdout.buffer.write(text.encode(errors="surrogateescape"))
        sys.stdout.buffer.flush()
        if verb == "bye":
            break
    return 0
