"""One inference, whatever API asked for it."""

from __future__ import annotations

from collections.abc import Sequence

from stele.contract.bundle import Tensors
from stele.contract.codes import Code, SteleError
from stele.contract.dtypes import Array
from stele.contract.signature import Signature, check_inputs
from stele.server.admission import Admission
from stele.server.batcher import Batcher
from stele.server.call import Call
from stele.server.version import Prepared


class Inference:
    """Runs signatures within the server's bounds."""

    def __init__(self, admission: Admission, batcher: Batcher | None = None) -> None:
        """Run each call alone, or leave what it can to a batcher."""
        self._admission = admission
        self._batcher = batcher

    def run(
        self, prepared: Prepared, inputs: Tensors, wanted: Sequence[str], call: Call
    ) -> dict[str, Array]:
        """Run a signature.

        Args:
            prepared: The signature.
            inputs: Names and arrays; a name may wrongly occur twice.
            wanted: The outputs to return, in this order; all if empty.
            call: Of the client.

        Raises:
            SteleError: INVALID_ARGUMENT for inputs that do not fit; RESOURCE_EXHAUSTED
                when too many wait; DEADLINE_EXCEEDED or CANCELLED when the client
                stopped waiting; or TensorFlow's own.
        """
        if wanted:
            check_outputs(prepared.signature, wanted)
        with self._admission.place():
            outputs = self._run(prepared, inputs, call)
        return {name: outputs[name] for name in wanted} if wanted else outputs

    def _run(self, prepared: Prepared, inputs: Tensors, call: Call) -> dict[str, Array]:
        if self._batcher is not None:
            # Else the runner does it: here a misfit would spoil the calls of others.
            check_inputs(prepared.signature, inputs)
            rows = self._batcher.rows(prepared, inputs)
            if rows:
                return self._batcher.run(prepared, inputs, rows, call)
        with self._admission.turn(call):
            return prepared.run(inputs)


def check_outputs(signature: Signature, wanted: Sequence[str]) -> None:
    """Refuse outputs that the signature does not have.

    Raises:
        SteleError: INVALID_ARGUMENT, naming the output.
    """
    known = [spec.name for spec in signature.outputs]
    for name in wanted:
        if name not in known:
            names = ", ".join(f'"{other}"' for other in known) or "none"
            raise SteleError(
                Code.INVALID_ARGUMENT,
                f'no output "{name}"; signature "{signature.name}" has {names}',
            )
        if wanted.count(name) > 1:
            raise SteleError(Code.INVALID_ARGUMENT, f'output "{name}" is asked for twice')
