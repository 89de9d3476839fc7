"""Runs the digits example of every binding and shows that all print the same lines.

python -m tests.examples [BINDING]
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import numpy as np

from stele import paths
from stele.parity.binding import Binding, SetupError, discover
from stele.parity.compare import TOLERANCES

# A number with the six places that examples print.
NUMBER = re.compile(r"\b\d\.\d{6}\b")


def output(binding: Binding) -> str:
    """Return what a binding's example prints.

    Raises:
        SetupError: The binding cannot run on this machine.
        subprocess.CalledProcessError: The example failed.
    """
    binding.require()
    model = paths.models_dir() / "digits" / "saved_model"
    command = [part.replace("{model}", str(model)) for part in binding.example]
    return subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
        env=os.environ | binding.environment(),
    ).stdout


def with_example() -> Iterator[Binding]:
    """Yield every binding that has an example."""
    yield from (binding for binding in discover().values() if binding.example)


def same_lines(binding: Binding, printed: str, expected: str) -> bool:
    """Return whether an example prints what Python's does.

    What runs the SavedModel itself prints the same characters. Another runtime may be apart by
    what `compare` allows, and its number be printed as one of the two next to it.
    """
    if binding.in_process:
        return printed == expected
    ours, theirs = (np.array(NUMBER.findall(text), float) for text in (printed, expected))
    apart = TOLERANCES["FP32"].absolute + 1e-6
    return NUMBER.sub("", printed) == NUMBER.sub("", expected) and bool(
        np.allclose(ours, theirs, rtol=0, atol=apart)
    )


def main() -> int:
    """Run one example, or all and compare."""
    if sys.argv[1:]:
        chosen = [binding for binding in with_example() if binding.id == sys.argv[1]]
        if not chosen:
            ids = ", ".join(binding.id for binding in with_example())
            print(f"no example of {sys.argv[1]!r}; there are {ids}", file=sys.stderr)
            return 2
        print(output(chosen[0]), end="")
        return 0
    expected, status = "", 0
    for binding in with_example():
        try:
            got = output(binding)
        except SetupError as error:
            print(f"{binding.id}: setup: {error}")
            continue
        if not expected:
            expected = got
            print(got)
        same = same_lines(binding, got, expected)
        print(f"{binding.id}:", "the same lines" if same else "other lines:\n" + got)
        status |= not same
    return status


if __name__ == "__main__":
    sys.exit(main())
