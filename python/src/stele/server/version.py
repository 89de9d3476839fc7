"""One loaded SavedModel."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from stele import native, savedmodel
from stele._proto import saved_model_pb2 as pb
from stele.contract.bundle import Tensors
from stele.contract.dtypes import Array
from stele.contract.signature import Signature, TensorSpec, find_signature


class Prepared:
    """A signature, ready to run.

    Attributes:
        signature: What it takes and gives.
        batchable: Whether calls may share a run: the first dimension of every input
            and output is unknown, hence likely the batch. Cleared for good when the
            model turns out not to keep it.
    """

    def __init__(self, signature: Signature, run: Callable[[Tensors], dict[str, Array]]) -> None:
        self.signature = signature
        self._run = run
        self.batchable = _has_rows(signature.inputs) and _has_rows(signature.outputs)

    def run(self, inputs: Tensors) -> dict[str, Array]:
        """Check the inputs and run.

        Raises:
            SteleError: INVALID_ARGUMENT, naming the input; or TensorFlow's own.
        """
        return self._run(inputs)


def _has_rows(specs: tuple[TensorSpec, ...]) -> bool:
    return bool(specs) and all(spec.shape and spec.shape[0] is None for spec in specs)


class Version:
    """A version of a model, loaded; released when nothing refers to it any more.

    Attributes:
        number: Of the version.
        signatures: Those for callers, by name, sorted.
        signature_defs: The same, each as a serialized SignatureDef.
    """

    def __init__(
        self, number: int, folder: Path, tags: Collection[str], session_config: bytes
    ) -> None:
        """Load a SavedModel.

        Args:
            number: What to call this version.
            folder: The SavedModel.
            tags: Of its MetaGraphDef.
            session_config: A serialized ConfigProto.

        Raises:
            SteleError: As ``bindings/contract/PROTOCOL.md`` has for ``load``.
        """
        graph = savedmodel.load(folder, tags)
        self.number = number
        self.signatures = savedmodel.signatures(graph)
        self.signature_defs = {
            name: _with_shapes(graph.signature_def[name], signature)
            for name, signature in self.signatures.items()
        }
        self._model = native.Model(folder, tags=tags, config=session_config)
        self._prepared: dict[str, Prepared] = {}

    def prepare(self, name: str) -> Prepared:
        """Return a signature, ready to run.

        Raises:
            SteleError: NOT_FOUND, naming those there; UNIMPLEMENTED for a sparse one.
        """
        prepared = self._prepared.get(name)
        if prepared is None:
            signature = find_signature(self.signatures, name)
            fresh = Prepared(signature, self._model.prepare(name))
            # Two threads may both get here; then one of two equal objects stays.
            prepared = self._prepared.setdefault(name, fresh)
        return prepared


def _with_shapes(definition: pb.SignatureDef, signature: Signature) -> bytes:
    """Serialize a SignatureDef, with the graph's shape for each tensor that has none in it.

    Clients have no graph to look it up in.
    """
    filled = pb.SignatureDef()
    filled.CopyFrom(definition)
    for side, specs in ((filled.inputs, signature.inputs), (filled.outputs, signature.outputs)):
        for spec in specs:
            info = side[spec.name]
            if not info.HasField("tensor_shape") and spec.shape is not None:
                info.tensor_shape.SetInParent()
                for size in spec.shape:
                    info.tensor_shape.dim.add(size=-1 if size is None else size)
    return filled.SerializeToString()
