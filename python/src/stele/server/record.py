"""What there is to tell about a call that has been answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stele.contract.codes import Code
from stele.wire.messages import Message, Method


@dataclass(frozen=True)
class Record:
    """One answered call.

    Attributes:
        method: The RPC's path.
        model: As the client names it; may be none of ours. Empty if it names none.
        code: The answer's.
        message: The answer's, if it is an error.
        seconds: From the request's arrival in Python to the answer's bytes.
        received: Bytes of the request.
        sent: Bytes of the response.
        peer: Where the client is, as gRPC writes it.
    """

    method: str
    model: str
    code: Code
    message: str
    seconds: float
    received: int
    sent: int
    peer: str


Observer = Callable[[Record], None]


def model_field(method: Method) -> Callable[[Message], str]:
    """Return how to read a model's name from requests of a method."""
    fields = method.request.DESCRIPTOR.fields_by_name
    if "model_spec" in fields:
        return lambda request: str(request.model_spec.name)
    for name in ("model_name", "name"):
        if name in fields:
            return lambda request, name=name: str(getattr(request, name))  # type: ignore[misc]
    return lambda _request: ""
