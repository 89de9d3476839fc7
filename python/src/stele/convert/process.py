"""Runs a converter in a process of its own.

Converters write pages to stdout and stderr, and some inputs abort the process: so
one runs apart, its noise goes to ``converter.log``, and a signature that ends it is
one that cannot be converted.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stele.contract.codes import Code, SteleError
from stele.convert.request import Request

LOG = "converter.log"


@dataclass(frozen=True)
class Answer:
    """What became of one signature: its files, the one to load first, or a problem."""

    signature: str
    files: tuple[str, ...] = ()
    problem: str = ""


def convert(request: Request, names: Mapping[str, str], folder: Path) -> Iterator[Answer]:
    """Convert signatures one by one.

    Args:
        request: What to convert.
        names: By signature, what to call its file or folder, without an ending.
        folder: Where to.

    Raises:
        SteleError: The model cannot be loaded.
    """
    left = dict(names)
    while left:
        # Conversion is work for one core, and must find no GPU to be the same anywhere.
        environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "-1"}
        with (
            (folder / LOG).open("ab") as log,
            subprocess.Popen(
                [sys.executable, "-m", "stele.convert.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                text=True,
            ) as child,
        ):
            try:
                yield from _talk(child, _question(request, left, folder), left)
            finally:
                child.kill()  # nothing to end unless the caller has stopped listening
        if left:
            broken = next(iter(left))
            del left[broken]
            yield Answer(broken, problem=f"the converter {_ending(child.wait())}")


def _question(request: Request, names: Mapping[str, str], folder: Path) -> str:
    return json.dumps(
        {
            "module": request.format.module,
            "model": str(request.target.folder.resolve()),
            "tags": sorted(request.target.tags),
            "batch": request.batch,
            "names": dict(names),
            "out": str(folder),
        }
    )


def _talk(child: subprocess.Popen[str], question: str, left: dict[str, str]) -> Iterator[Answer]:
    """Ask, and yield the answers that come; take what is answered out of ``left``."""
    assert child.stdin is not None  # noqa: S101  (pipes, asked for)
    assert child.stdout is not None  # noqa: S101
    child.stdin.write(question)
    child.stdin.close()
    for line in child.stdout:
        reply: dict[str, Any] = json.loads(line)
        if "code" in reply:
            raise SteleError(Code[reply["code"]], reply["message"])
        del left[reply["signature"]]
        yield Answer(reply["signature"], tuple(reply["files"]), reply["problem"])
    child.wait()


def _ending(status: int) -> str:
    if status < 0:
        return f"died of {signal.Signals(-status).name}"
    return f"exited with status {status}"
