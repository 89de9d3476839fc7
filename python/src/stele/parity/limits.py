"""What a worker may take: memory and processor time, with all that it starts."""

from __future__ import annotations

from dataclasses import dataclass

_MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Limits of one worker; the launcher watches them, and ends a worker beyond them.

    Attributes:
        memory: MiB resident at most, the peaks of its processes added up; None for no limit.
        cpu: Seconds of processor time at most, from its start; None for no limit.
    """

    memory: int | None = None
    cpu: int | None = None

    def arguments(self) -> tuple[str, str]:
        """Return what the launcher takes: bytes and seconds, 0 for no limit."""
        return str((self.memory or 0) * _MIB), str(self.cpu or 0)

    def exceeded(self, which: str) -> str:
        """Say that a worker went beyond ``memory`` or ``cpu``, as the launcher calls them."""
        if which == "memory":
            return f"the worker went beyond {self.memory} MiB of memory (--limit-memory)"
        return f"the worker went beyond {self.cpu} s of processor time (--limit-cpu)"
