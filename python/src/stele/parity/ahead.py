"""Builds every binding that runs models in its own process, and says so line by line.

    python -m stele.parity.ahead

Two folders at a time, which is what `make demo` waits for most; long builds begin first, so
that none is alone at the end. The harness builds what it needs by itself: what is missing or
fails here is a line, and a row of its table later.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from stele.contract.codes import SteleError
from stele.contract.printable import one_line
from stele.parity.binding import Binding, SetupError, select

_FOLDERS = 2


def main() -> int:
    """Build them; exit status 1 only where no ``binding.toml`` can be read."""
    try:
        bindings = [binding for binding in select(()) if binding.in_process and binding.build]
    except SteleError as error:
        print(f"stele: {error}", file=sys.stderr)
        return 1
    folders: dict[str, list[Binding]] = {}
    for binding in bindings:
        folders.setdefault(str(binding.folder), []).append(binding)
    order = sorted(folders.values(), key=lambda group: not any(one.long_build for one in group))
    with ThreadPoolExecutor(_FOLDERS) as pool:
        list(pool.map(_build, order))
    return 0


def _build(bindings: Sequence[Binding]) -> None:
    for binding in bindings:
        began = time.monotonic()
        try:
            binding.require()
        except SetupError as error:
            print(f"  {binding.id}: {one_line(str(error))}", flush=True)
        else:
            print(f"  {binding.id}: built, {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
