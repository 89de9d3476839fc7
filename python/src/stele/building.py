"""Builds of the checkout, one at a time: two would write the same files."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from stele import paths
from stele.contract.codes import Code, SteleError, from_os_error
from stele.staging import locked

# A build may run stele, which then is inside of it and does not wait for its end.
_INSIDE = "STELE_INSIDE_BUILD"
_turn = threading.Lock()


def build(command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    """Run a build, when no other runs, in any process.

    Args:
        command: It is make's to know that there is nothing to do.
        environment: Its variables; this process's where none are given.

    Raises:
        SteleError: FAILED_PRECONDITION, with the end of what it wrote, when it fails; the
            system error's code when ``build/`` cannot be written.
    """
    inside = {**(os.environ if environment is None else environment), _INSIDE: "1"}
    with _alone():
        done = subprocess.run(command, env=inside, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise SteleError(
            Code.FAILED_PRECONDITION, f"build failed ({' '.join(map(str, command))}):\n{tail}"
        )


@contextmanager
def _alone() -> Iterator[None]:
    if os.environ.get(_INSIDE):
        yield
        return
    with ExitStack() as stack:
        stack.enter_context(_turn)
        try:
            stack.enter_context(locked(paths.build_dir() / "building"))
        except OSError as error:
            raise from_os_error(error) from error
        yield
