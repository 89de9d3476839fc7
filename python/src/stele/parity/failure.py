"""A failure as a folder: all that is needed to see it again, anywhere.

``case.json`` says what was asked of whom, ``in/`` is the input bundle,
``expected/`` and ``got/`` the answers, ``model/`` the SavedModel when it is
small enough to send, ``worker.log`` the worker's stderr.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from stele.contract.bundle import RawTensor, read_raw_bundle, write_raw_bundle
from stele.contract.codes import Code, SteleError, from_os_error
from stele.keras_model import file as keras_file
from stele.parity.case import Case, Target
from stele.parity.reference import KERAS
from stele.parity.refusals import Refusal

# Larger models are referred to by their path.
_LARGEST_MODEL = 64 << 20


@dataclass(frozen=True)
class Failure:
    """What a replay needs.

    Attributes:
        binding: Whose answer was wrong.
        target: The model, and its tags.
        config: What it was loaded with.
        case: The signature, the inputs, and the code due if it was given.
        expected: The reference's outputs, or its code.
        same_class: Whether bits had to agree.
        phase: ``run``, or ``load`` when loading is what ought to be refused.
    """

    binding: str
    target: Target
    config: str
    case: Case
    expected: dict[str, RawTensor] | Code
    same_class: bool
    phase: str = "run"


def keep(
    folder: Path, failure: Failure, got: dict[str, RawTensor] | None, detail: str, log: Path
) -> Path:
    """Write a failure below ``folder``; return its own folder.

    Raises:
        SteleError: It cannot be written; the code is the system error's.
    """
    try:
        return _keep(folder, failure, got, detail, log)
    except OSError as error:
        raise from_os_error(error) from error


def _keep(
    folder: Path, failure: Failure, got: dict[str, RawTensor] | None, detail: str, log: Path
) -> Path:
    parts = (failure.target.name, failure.case.name, failure.binding)
    target = folder / "--".join(re.sub(r"[^\w.+-]+", "-", part) for part in parts)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    if failure.case.inputs.exists():
        shutil.copytree(failure.case.inputs, target / "in")
    if isinstance(failure.expected, dict):
        write_raw_bundle(target / "expected", failure.expected)
    if got is not None:
        write_raw_bundle(target / "got", got)
    if log.exists():
        shutil.copyfile(log, target / "worker.log")
    model = failure.target.folder
    if model.is_dir() and _size(model) <= _LARGEST_MODEL:
        shutil.copytree(model, target / "model", symlinks=False)
        # Where the worker of Keras in memory looks for it.
        if (keras := keras_file.beside(model)) and failure.binding == KERAS:
            shutil.copyfile(keras, target / keras.name)
    described = {
        "binding": failure.binding,
        "model": failure.target.name,
        "path": str(model),
        "tags": list(failure.target.tags),
        "config": failure.config,
        "case": failure.case.name,
        "signature": failure.case.signature,
        "expected": failure.expected.name if isinstance(failure.expected, Code) else "outputs",
        "refusal": asdict(failure.case.refusal) if failure.case.refusal else None,
        "same_class": failure.same_class,
        "phase": failure.phase,
        "detail": detail,
    }
    (target / "case.json").write_text(json.dumps(described, indent=2, ensure_ascii=False) + "\n")
    return target


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _refusal(described: dict[str, Any] | None) -> Refusal | None:
    if described is None:
        return None
    return Refusal(Code(described["code"]), tuple(described["names"]), described["message"])


def read(folder: Path) -> Failure:
    """Read a failure's folder.

    Raises:
        SteleError: NOT_FOUND or INVALID_ARGUMENT when it is none.
    """
    file = folder / "case.json"
    if not file.exists():
        raise SteleError(Code.NOT_FOUND, f'"{folder}" is no failure folder: no case.json in it')
    try:
        described = json.loads(file.read_text())
        model = folder / "model"
        target = Target(
            described["model"],
            (model if model.exists() else Path(described["path"])).resolve(),
            tuple(described["tags"]),
        )
        expected: dict[str, RawTensor] | Code
        if described["expected"] == "outputs":
            expected = read_raw_bundle(folder / "expected")
        else:
            expected = Code[described["expected"]]
        return Failure(
            binding=described["binding"],
            target=target,
            config=described["config"],
            case=Case(
                described["case"],
                described["signature"],
                (folder / "in").resolve(),
                _refusal(described["refusal"]),
            ),
            expected=expected,
            same_class=described["same_class"],
            phase=described["phase"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise SteleError(
            Code.INVALID_ARGUMENT, f"{file}: {type(error).__name__}: {error}"
        ) from error
