"""Converts a SavedModel, unless that has been done before."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from stele import paths, savedmodel
from stele.contract.codes import Code, SteleError, from_os_error
from stele.contract.signature import Signature, find_signature
from stele.convert import manifest, process
from stele.convert.formats import Format
from stele.convert.manifest import MANIFEST, Entry, Manifest
from stele.convert.request import Request
from stele.savedmodel import variables
from stele.staging import locked, staged

Report = Callable[[str, int, int], None]
"""Called with what is being done, how many signatures are done, and of how many."""


def convert(
    request: Request,
    out: Path | None = None,
    report: Report = lambda _what, _done, _all: None,
) -> tuple[Path, dict[str, Any]]:
    """Return the folder with the converted model, and its manifest.

    Args:
        request: What to convert.
        out: Where to; ``build/converted/<fingerprint>`` unless given.
        report: Told about progress; not called when there is nothing to do.

    Raises:
        SteleError: The SavedModel cannot be loaded (the codes of a load), it has no
            such signature (NOT_FOUND), the converter is not installed
            (FAILED_PRECONDITION), or ``out`` is something else (ALREADY_EXISTS).
    """
    signatures = _signatures(request)
    versions = request.format.versions()
    fingerprint = _fingerprint(request, versions)
    folder = out or paths.build_dir() / "converted" / fingerprint
    with locked(folder):
        if manifest.read(folder).get("fingerprint") != fingerprint:
            refuse_foreign(folder, MANIFEST)
            with staged(folder) as fresh:
                entries = _convert(request, signatures, fresh, report)
                Manifest(
                    request.format.name,
                    request.format.title,
                    request.target.name,
                    fingerprint,
                    versions,
                    request.batch,
                    entries,
                ).write(fresh)
    return folder, manifest.read(folder)


def _signatures(request: Request) -> dict[str, Signature]:
    """Make every check of a load, before TensorFlow is; return what is to be converted."""
    target = request.target
    signatures = savedmodel.load_signatures(target.folder, target.tags)
    stored = target.folder / "variables"
    if (stored / "variables.index").exists():
        variables.check_data(variables.read_index(stored))
    if request.signature is None:
        return signatures
    return {request.signature: find_signature(signatures, request.signature)}


def _convert(
    request: Request, signatures: Mapping[str, Signature], folder: Path, report: Report
) -> dict[str, Entry]:
    entries = {name: Entry(signature, problem=_problem(request.format, signature))
               for name, signature in signatures.items()}  # fmt: skip
    names = _file_names([name for name, entry in entries.items() if not entry.problem])
    if not names:
        return entries
    report("loading TensorFlow", 0, len(names))
    for done, answer in enumerate(process.convert(request, names, folder), start=1):
        signature = entries[answer.signature].signature
        if answer.problem:
            entries[answer.signature] = Entry(signature, problem=answer.problem)
        else:
            nbytes = sum(_size(folder / file) for file in answer.files)
            entries[answer.signature] = Entry(signature, answer.files[0], nbytes)
        report(answer.signature, done, len(names))
    return entries


def _problem(to: Format, signature: Signature) -> str:
    try:
        find_signature({signature.name: signature}, signature.name)
    except SteleError as error:
        return error.message
    return to.problem(signature)


def _file_names(signatures: list[str]) -> dict[str, str]:
    """Return a file name, without its ending, for each signature, whose names are free."""
    taken: set[str] = set()
    names = {}
    for signature in signatures:
        stem = re.sub(r"[^A-Za-z0-9_-]+", "-", signature).strip("-") or "signature"
        name, number = stem, 2
        while name.lower() in taken:
            name, number = f"{stem}-{number}", number + 1
        taken.add(name.lower())
        names[signature] = name
    return names


def _size(path: Path) -> int:
    return path.stat().st_size


def refuse_foreign(folder: Path, mark: str) -> None:
    """Refuse to replace a folder that has files, but not the one that marks it as ours.

    Raises:
        SteleError: ALREADY_EXISTS.
    """
    try:
        foreign = folder.exists() and any(folder.iterdir()) and not (folder / mark).exists()
    except OSError as error:
        raise from_os_error(error) from error
    if foreign:
        raise SteleError(
            Code.ALREADY_EXISTS, f'"{folder}" has files and no {mark}: it is left as it is'
        )


def _fingerprint(request: Request, versions: Mapping[str, str]) -> str:
    """Hash all that decides what comes out: the model, the converters, what is asked for."""
    target = request.target
    asked = [
        request.format.name,
        sorted(target.tags),
        request.signature,
        request.batch,
        sorted(versions.items()),
    ]
    digest = hashlib.sha256(json.dumps(asked).encode())
    ours = sorted(Path(__file__).parent.glob("*.py"))
    theirs = [target.folder / "saved_model.pb"]
    for below in ("variables", "assets"):
        theirs += sorted((target.folder / below).glob("*"))
    try:
        for file in [*ours, *theirs]:
            digest.update(file.name.encode() + b"\0")
            with file.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
    except OSError as error:
        raise from_os_error(error) from error
    return digest.hexdigest()[:16]
