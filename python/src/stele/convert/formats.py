"""The formats that a SavedModel is converted to, and what each can hold."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec

from stele.contract import dtypes
from stele.contract.codes import Code, SteleError
from stele.contract.signature import Signature
from stele.convert import tensorflowjs
from stele.libtensorflow.wheel import find_wheel


@dataclass(frozen=True)
class Format:
    """A format.

    Attributes:
        name: On the command line, and in manifests.
        title: For people.
        module: Of this package; its ``convert`` does the work.
        packages: Distributions that do it, besides TensorFlow; their imports have
            the same name.
        dtypes: What its tensors can be without becoming something else.
        any_rank: Whether it knows tensors of unknown rank.
        shared_names: Whether an output may have the name of an input.
        any_count: Whether a model may have no inputs, or no outputs.
        install: How to get the packages.
    """

    name: str
    title: str
    module: str
    packages: tuple[str, ...]
    dtypes: frozenset[str]
    any_rank: bool
    shared_names: bool = True
    any_count: bool = False
    install: str = "pip install 'tf-stele[convert]'"

    def versions(self) -> dict[str, str]:
        """Return the versions of the converter's packages by name, without importing them.

        Raises:
            SteleError: FAILED_PRECONDITION, saying how to install what is missing;
                NOT_FOUND when TensorFlow is.
        """
        found = {"tensorflow": find_wheel().version}
        if self.name == "tfjs":
            return found | {"tensorflowjs": tensorflowjs.find().version}
        for package in self.packages:
            if find_spec(package) is None:
                raise SteleError(
                    Code.FAILED_PRECONDITION,
                    f"conversion to {self.title} needs {package}; install with: {self.install}",
                )
            found[package] = metadata.version(package)
        return found

    def problem(self, signature: Signature) -> str:
        """Say what this format cannot hold of a signature's tensors; nothing if it can."""
        if not self.any_count and not (signature.inputs and signature.outputs):
            return f"{self.title} has no models without inputs or without outputs"
        for kind, specs in (("input", signature.inputs), ("output", signature.outputs)):
            for spec in specs:
                if spec.dtype not in self.dtypes:
                    return f'{self.title} has no {spec.dtype}, the dtype of {kind} "{spec.name}"'
        names = {spec.name for spec in signature.outputs}
        for spec in signature.inputs:
            if spec.name in names and not self.shared_names:
                return f'{self.title} has no output with the name of an input, "{spec.name}"'
            if spec.shape is None and not self.any_rank:
                return f'{self.title} has no tensors of unknown rank, which input "{spec.name}" is'
        return ""


def _dtypes(names: str) -> frozenset[str]:
    return frozenset(names.split())


FORMATS = {
    entry.name: entry
    for entry in (
        Format(
            "onnx",
            "ONNX",
            "to_onnx",
            ("tf2onnx", "onnx"),
            _dtypes("BOOL INT8 INT16 INT32 INT64 UINT8 UINT16 UINT32 UINT64 FP16 FP32 FP64 BYTES"),
            any_rank=True,
            shared_names=False,
        ),
        Format(
            "tfjs",
            "TensorFlow.js",
            "to_tfjs",
            ("tensorflowjs",),
            # It has no other integer than INT32, and makes one of all of them.
            _dtypes("BOOL INT32 FP32 C64 BYTES"),
            any_rank=True,
        ),
        Format(
            "litert",
            "LiteRT",
            "to_litert",
            (),
            _dtypes("BOOL INT8 INT16 INT32 INT64 UINT8 UINT32 FP16 FP32 FP64 C64 BYTES"),
            any_rank=False,
        ),
        Format(
            "frozen",
            "a frozen SavedModel",
            "to_frozen",
            (),
            frozenset(dtypes.BY_NAME),
            any_rank=True,
            any_count=True,
        ),
    )
}
