"""Builds of the checkout, one at a time in a folder: two would write the same files."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from stele import paths
from stele.contract.codes import Code, SteleError, from_os_error
from stele.staging import locked

# A build may run stele, which then is inside of it and does not wait for its end: the
# folders that are being built around a process.
_INSIDE = "STELE_INSIDE_BUILD"


def build(
    folder: Path, command: Sequence[str], environment: Mapping[str, str] | None = None
) -> None:
    """Run a folder's build, when no other of it runs, in any process.

    Args:
        folder: The binding's. What the build uses of others is built before.
        command: It is make's to know that there is nothing to do.
        environment: Its variables; this process's where none are given.

    Raises:
        SteleError: FAILED_PRECONDITION, with the end of what it wrote, when it fails; the
            system error's code when ``build/`` cannot be written.
    """
    folder = folder.resolve()
    around = os.environ.get(_INSIDE, "").split(os.pathsep)
    inside = os.pathsep.join([*filter(None, around), str(folder)])
    variables = {**(os.environ if environment is None else environment), _INSIDE: inside}
    with _alone(folder, around):
        done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise SteleError(
            Code.FAILED_PRECONDITION, f"build failed ({' '.join(map(str, command))}):\n{tail}"
        )


@contextmanager
def _alone(folder: Path, around: Sequence[str]) -> Iterator[None]:
    if str(folder) in around:
        yield
        return
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(paths.build_dir() / f"building-{folder.name}"))
        except OSError as error:
            raise from_os_error(error) from error
        yield
