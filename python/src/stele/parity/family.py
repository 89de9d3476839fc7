"""A worker and the processes that it started: a server, a browser.

What a binding maps and costs is what all of them do.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from pathlib import Path


def of(pid: int) -> list[int]:
    """Return a process's id and those of its living descendants; itself alone off Linux."""
    children: dict[int, list[int]] = defaultdict(list)
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended
            # The name in parentheses may hold anything: count from its end.
            fields = status.read_text(errors="replace").rpartition(")")[2].split()
            children[int(fields[1])].append(int(status.parent.name))
    found = [pid]
    for member in found:
        found += children[member]
    return found
