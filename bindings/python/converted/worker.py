"""The workers of `python-onnx` and `python-litert`: a converted model in its own runtime.

What `stele convert` makes of a SavedModel, run by onnxruntime or by LiteRT on the CPU,
with as many threads as each takes by itself. TensorFlow converts, in a process of its own
and once for each model; this one does not know it.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from stele import savedmodel
from stele.contract import worker
from stele.contract.bundle import Tensors
from stele.contract.codes import Code, SteleError
from stele.contract.config import PROFILES
from stele.contract.dtypes import Array
from stele.contract.signature import Signature, TensorSpec, check_inputs, find_signature
from stele.convert import conversion
from stele.convert.formats import FORMATS
from stele.convert.request import Request
from stele.parity.case import Target

Call = Callable[[], Mapping[str, Array]]


class OnnxRuntime:
    """One signature in onnxruntime, on its CPU provider.

    Raises:
        Exception: Whatever the runtime raises when it has no kernel for an op.
    """

    package = "onnxruntime"

    def __init__(self, file: Path, signature: Signature) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        providers = ["CPUExecutionProvider"]
        self._session = onnxruntime.InferenceSession(str(file), options, providers)
        self._outputs = [spec.name for spec in signature.outputs]
        self._texts = {spec.name for spec in signature.outputs if spec.dtype == "BYTES"}

    def bind(self, inputs: dict[str, Array]) -> Call:
        """Return one call, from numpy arrays to numpy arrays by name."""
        feeds = {name: _as_text(name, array) for name, array in inputs.items()}

        def call() -> Mapping[str, Array]:
            found = dict(zip(self._outputs, self._session.run(self._outputs, feeds), strict=True))
            for name in self._texts:
                found[name] = _as_bytes(found[name])
            return found

        return call


class LiteRt:
    """One signature in LiteRT's interpreter, with XNNPACK.

    Raises:
        Exception: Whatever the runtime raises when it has no kernel for an op.
    """

    package = "ai-edge-litert"

    def __init__(self, file: Path, signature: Signature) -> None:
        from ai_edge_litert.interpreter import Interpreter

        # The runner lives on the interpreter's memory.
        self._interpreter = Interpreter(model_path=str(file))
        self._run = self._interpreter.get_signature_runner(signature.name)
        self._signature = signature

    def bind(self, inputs: dict[str, Array]) -> Call:
        """Return one call, from numpy arrays to numpy arrays by name."""
        for spec in self._signature.inputs:
            if 0 in inputs[spec.name].shape:
                raise worker.Unsupported(
                    f'LiteRT has no tensors without elements, which input "{spec.name}" is'
                )

        def call() -> Mapping[str, Array]:
            # Its own memory, which the next call writes to.
            return {name: np.array(value) for name, value in self._run(**inputs).items()}

        return call


def _as_text(name: str, array: Array) -> Array:
    """Return BYTES as the runtime's strings, which are UTF-8 and end with a NUL."""
    if array.dtype != object:
        return array
    try:
        texts = [element.decode() for element in array.reshape(-1)]
    except UnicodeDecodeError:
        raise worker.Unsupported(
            f'onnxruntime\'s strings are UTF-8; input "{name}" is not'
        ) from None
    if any("\0" in text for text in texts):
        raise worker.Unsupported(f'onnxruntime cuts strings at a NUL; input "{name}" has one')
    return np.array(texts, dtype=object).reshape(array.shape)


def _as_bytes(array: Array) -> Array:
    flat = np.empty(array.size, dtype=object)
    flat[:] = [text.encode() for text in array.reshape(-1)]
    return flat.reshape(array.shape)


RUNTIMES: dict[str, type[OnnxRuntime] | type[LiteRt]] = {"onnx": OnnxRuntime, "litert": LiteRt}


class Model:
    """A converted model; each signature is loaded when it is first needed."""

    def __init__(self, format_: str, folder: Path, tags: frozenset[str]) -> None:
        self.signatures: Mapping[str, Signature] = savedmodel.load_signatures(folder, tags)
        self._runtime = RUNTIMES[format_]
        target = Target(folder.name, folder, tuple(sorted(tags)))
        self._folder, manifest = conversion.convert(Request(target, FORMATS[format_]))
        self._entries: dict[str, Any] = manifest["signatures"]
        problems = dict.fromkeys(entry["problem"] for entry in self._entries.values())
        if problems and "" not in problems:
            raise worker.Unsupported("; ".join(problems))
        self._loaded: dict[str, OnnxRuntime | LiteRt] = {}

    def prepare(self, signature: str, inputs: Tensors) -> Call:
        """See `worker.Model`."""
        found = find_signature(self.signatures, signature)
        check_inputs(found, inputs)
        problem = self._entries[signature]["problem"]
        if problem:
            raise worker.Unsupported(problem)
        call = self._load(found).bind(_in_order(found.inputs, dict(inputs)))

        def translated() -> Mapping[str, Array]:
            try:
                return call()
            except Exception as error:
                raise SteleError(Code.INTERNAL, f"{self._runtime.package}: {error}") from error

        return translated

    def _load(self, signature: Signature) -> OnnxRuntime | LiteRt:
        if signature.name not in self._loaded:
            file = self._folder / self._entries[signature.name]["file"]
            try:
                self._loaded[signature.name] = self._runtime(file, signature)
            except Exception as error:  # whatever it raises: it has not all of the model's ops
                line = str(error).splitlines()[0]
                raise worker.Unsupported(
                    f"{self._runtime.package} does not load it: {line}"
                ) from error
        return self._loaded[signature.name]

    def close(self) -> None:
        """Release the runtime's memory."""
        self._loaded.clear()


def _in_order(specs: tuple[TensorSpec, ...], inputs: dict[str, Array]) -> dict[str, Array]:
    for spec in specs:
        if spec.name not in inputs:
            raise worker.Unsupported(f'a converted model has no default of input "{spec.name}"')
    return {spec.name: inputs[spec.name] for spec in specs}


class Runner:
    """See `worker.Runner`."""

    tensorflow = ""

    def __init__(self, format_: str) -> None:
        self.binding = f"python-{format_}"
        self._format = format_
        package = RUNTIMES[format_].package
        version = metadata.version(package)
        self.language = f"Python {platform.python_version()}, {package} {version}"

    def load(self, folder: Path, tags: frozenset[str], config: bytes) -> worker.Model:
        """See `worker.Runner`."""
        if config not in (b"", PROFILES["default"]):
            raise worker.Unsupported("a session config: a converted model has no session")
        return Model(self._format, folder, tags)


def main() -> int:
    """Serve the runtime named on the command line."""
    parser = argparse.ArgumentParser(description="stele worker of a converted model")
    parser.add_argument("format", choices=sorted(RUNTIMES))
    return worker.serve(Runner(parser.parse_args().format))


if __name__ == "__main__":
    sys.exit(main())
